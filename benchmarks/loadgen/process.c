/* Clocks, and what processes cost, from /proc. */
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "loadgen.h"

int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static double seconds(struct timeval t) { return (double)t.tv_sec + (double)t.tv_usec / 1e6; }

double own_cpu_seconds(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

static void add_usage(int pid, struct usage *sum) {
    char path[64], line[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *stat = fopen(path, "r");
    if (!stat) return;
    /* proc(5): utime, stime and rss are fields 14, 15 and 24; the name, in brackets, is field 2. */
    unsigned long user, kernel;
    long pages;
    if (fgets(line, sizeof line, stat)) {
        const char *rest = strrchr(line, ')');
        if (rest && sscanf(rest + 1,
                           " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu"
                           " %*d %*d %*d %*d %*d %*d %*u %*u %ld",
                           &user, &kernel, &pages) == 3) {
            sum->cpu_seconds += (double)(user + kernel) / (double)sysconf(_SC_CLK_TCK);
            sum->rss_kb += pages * (sysconf(_SC_PAGESIZE) / 1024);
        }
    }
    fclose(stat);
}

struct usage usage_of(const int *pids, int count) {
    struct usage sum = {0};
    for (int i = 0; i < count; i++) add_usage(pids[i], &sum);
    return sum;
}
