/* A log-linear histogram: 64 buckets for each doubling, so that a percentile is 1.6 % right. */
#include "loadgen.h"

static int bucket_of(uint64_t us) {
    if (us < 64) return (int)us;
    int shift = 63 - __builtin_clzll(us) - 6;
    int bucket = (shift + 1) * 64 + (int)(us >> shift) - 64;
    return bucket < HISTOGRAM_BUCKETS ? bucket : HISTOGRAM_BUCKETS - 1;
}

static uint64_t upper_edge(int bucket) {
    if (bucket < 64) return (uint64_t)bucket + 1;
    int shift = bucket / 64 - 1;
    return ((uint64_t)(bucket % 64) + 65) << shift;
}

void histogram_add(struct histogram *h, int64_t nanoseconds) {
    h->counts[bucket_of(nanoseconds > 0 ? (uint64_t)nanoseconds / 1000 : 0)]++;
}

void histogram_print(const struct histogram *h, FILE *out) {
    const char *comma = "";
    fputc('[', out);
    for (int i = 0; i < HISTOGRAM_BUCKETS; i++) {
        if (!h->counts[i]) continue;
        fprintf(out, "%s[%lu,%lu]", comma, upper_edge(i), h->counts[i]);
        comma = ",";
    }
    fputc(']', out);
}
