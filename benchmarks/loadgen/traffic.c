/* Phases of messages: by window (so many under way a sender) or by rate; counted and timed. */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "loadgen.h"

/* ---- one message ---------------------------------------------------------------------------- */

static void append_number(struct bytes *out, uint64_t number) {
    char digits[24];
    bytes_append(out, digits, (size_t)snprintf(digits, sizeof digits, "%lu", number));
}

static void append_body(struct bytes *out, uint64_t number, size_t size) {
    static const char filler[] = "the quick brown fox jumps over the lazy dog and goes on ";
    size_t start = out->size;
    bytes_append(out, "#", 1);
    append_number(out, number);
    bytes_append(out, ";", 1);
    while (out->size - start < size) {
        size_t missing = size - (out->size - start), part = sizeof filler - 1;
        bytes_append(out, filler, missing < part ? missing : part);
    }
}

static bool append_field(struct run *run, struct bytes *out, const char *at, const char *to) {
    if (!memcmp(at, "@id@", 4)) {
        append_number(out, run->number);
        return true;
    }
    if (!memcmp(at, "@to@", 4)) {
        bytes_append(out, to, strlen(to));
        return true;
    }
    return false;
}

static void compose(struct run *run, struct bytes *out, const char *to) {
    out->size = 0;
    for (const char *at = run->message; *at;) {
        const char *next = strchr(at, '@');
        size_t plain = next ? (size_t)(next - at) : strlen(at);
        bytes_append(out, at, plain);
        at += plain;
        if (!*at) break;
        if (!strncmp(at, "@body@", 6)) {
            append_body(out, run->number, run->body_size);
            at += 6;
        } else if (strlen(at) >= 4 && append_field(run, out, at, to)) {
            at += 4;
        } else {
            bytes_append(out, at++, 1);
        }
    }
}

void traffic_send(struct run *run, struct connection *c) {
    static struct bytes text;
    struct slot *slot = &run->ring[++run->number & (RING - 1)];
    *slot = (struct slot){.number = run->number, .sent_at = run->now, .sender = c};
    compose(run, &text, c->to);
    connection_write(run, c, text.data, text.size);
    c->in_flight++;
    run->in_flight++;
    run->messages++;
    run->counters.sent++;
}

static void complete(struct run *run, struct connection *c) {
    if (!c->in_flight) return; /* the connection was lost meanwhile */
    c->in_flight--;
    run->in_flight--;
    if (run->phase && run->phase->kind == WINDOW) traffic_send(run, c);
}

static struct slot *slot_of(struct run *run, uint64_t number) {
    struct slot *slot = &run->ring[number & (RING - 1)];
    return slot->number == number && number ? slot : NULL;
}

void traffic_acked(struct run *run, struct connection *c, uint64_t number) {
    struct slot *slot = slot_of(run, number);
    if (!slot || slot->sender != c) {
        fault(run, &run->faults.unknown, "a reply to nothing", "", 0);
        return;
    }
    run->counters.acked++;
    histogram_add(&run->counters.ack, run->now - slot->sent_at);
    if (!run->complete_when_delivered) complete(run, c);
}

void traffic_delivered(struct run *run, struct connection *c, uint64_t number) {
    struct slot *slot = slot_of(run, number);
    if (!slot) {
        fault(run, &run->faults.unknown, "a message that nobody sent", "", 0);
        return;
    }
    run->deliveries++;
    run->counters.delivered++;
    if (c != slot->sender || run->count == 1)
        histogram_add(&run->counters.peer, run->now - slot->sent_at);
    if (++slot->delivered == run->audience && run->complete_when_delivered)
        complete(run, slot->sender);
}

/* ---- the loop ------------------------------------------------------------------------------- */

static void turn(struct run *run, int64_t until) {
    struct epoll_event events[512];
    int64_t left = (until - now_ns()) / 1000000;
    int timeout = left < 0 ? 0 : left > 100 ? 100 : (int)left;
    int count = epoll_wait(run->epoll, events, 512, timeout);
    if (count < 0 && errno != EINTR) fail("epoll_wait: %s", strerror(errno));
    run->now = now_ns();
    for (int i = 0; i < count; i++) connection_event(run, events[i].data.ptr, events[i].events);
    connections_flush(run);
}

static void keep_window(struct run *run) {
    for (size_t i = 0; i < run->sender_count; i++) {
        struct connection *c = run->senders[i];
        while (c->state == READY && c->in_flight < run->phase->value) traffic_send(run, c);
    }
    connections_flush(run);
}

static void keep_rate(struct run *run, int64_t until) {
    int64_t gap = (int64_t)(1e9 / run->phase->value), next = now_ns();
    for (size_t i = 0; next < until; next += gap) {
        while (now_ns() < next) turn(run, next);
        struct connection *c = run->senders[i++ % run->sender_count];
        run->now = now_ns();
        if (c->state == READY) traffic_send(run, c);
        connections_flush(run);
    }
}

static void keep_up(struct run *run, double seconds) {
    int64_t until = now_ns() + (int64_t)(seconds * 1e9);
    if (run->phase->kind == RATE) keep_rate(run, until);
    while (now_ns() < until) turn(run, until);
}

static void drain(struct run *run) {
    int64_t until = now_ns() + (int64_t)(run->drain * 1e9);
    run->phase = NULL;
    while (now_ns() < until &&
           (run->in_flight || run->deliveries < run->messages * run->audience))
        turn(run, until);
    if (run->deliveries >= run->messages * run->audience) return;
    uint64_t missing = run->messages * run->audience - run->deliveries;
    fault(run, &run->faults.missing, "missing", "", 0);
    run->faults.missing += missing - 1;
    run->deliveries += missing; /* told once */
}

/* ---- phases --------------------------------------------------------------------------------- */

const char *const phase_kinds[] = {[HOLD] = "hold", [WINDOW] = "window", [RATE] = "rate"};

static void print_phase(const struct run *run, const struct phase *phase, double seconds,
                        const struct usage *before, double own_before, FILE *out) {
    const struct counters *counted = &run->counters;
    struct usage after = usage_of(run->pids, run->pid_count);
    fprintf(out, "{\"kind\":\"%s\",\"value\":%g,\"seconds\":%.6f,", phase_kinds[phase->kind],
            phase->value, seconds);
    fprintf(out, "\"sent\":%lu,\"acked\":%lu,\"delivered\":%lu,\"received_bytes\":%lu,",
            counted->sent, counted->acked, counted->delivered, counted->received_bytes);
    fprintf(out, "\"server_cpu_seconds\":%.2f,\"server_rss_kb\":%ld,\"own_cpu_seconds\":%.3f,",
            after.cpu_seconds - before->cpu_seconds, after.rss_kb,
            own_cpu_seconds() - own_before);
    fputs("\"ack_us\":", out);
    histogram_print(&counted->ack, out);
    fputs(",\"peer_us\":", out);
    histogram_print(&counted->peer, out);
    fputc('}', out);
}

static void run_phase(struct run *run, const struct phase *phase, FILE *out) {
    run->phase = phase;
    run->now = now_ns();
    if (phase->kind == WINDOW) keep_window(run);
    keep_up(run, run->warmup);
    memset(&run->counters, 0, sizeof run->counters);
    struct usage before = usage_of(run->pids, run->pid_count);
    double own_before = own_cpu_seconds();
    int64_t start = now_ns();
    keep_up(run, phase->seconds);
    print_phase(run, phase, (double)(now_ns() - start) / 1e9, &before, own_before, out);
    drain(run);
}

static void connect_all(struct run *run, FILE *out) {
    struct usage before = usage_of(run->pids, run->pid_count);
    int64_t start = run->started = now_ns();
    while (run->ready + run->closed < run->count) {
        connections_dial(run);
        int64_t pause = run->waiting_from < run->count ? 1000000 : 100000000;
        turn(run, now_ns() + pause);
    }
    double seconds = (double)(now_ns() - start) / 1e9;
    struct usage after = usage_of(run->pids, run->pid_count);
    fprintf(out, "\"connect\":{\"seconds\":%.6f,\"server_cpu_seconds\":%.2f,", seconds,
            after.cpu_seconds - before.cpu_seconds);
    fprintf(out, "\"rss_before_kb\":%ld,\"rss_after_kb\":%ld,\"ready_us\":", before.rss_kb,
            after.rss_kb);
    histogram_print(&run->ready_after, out);
    fprintf(out, ",\"refused\":%lu,\"turned_away\":%lu,\"longest_wait_us\":%lld},", run->refused,
            run->turned_away, (long long)run->longest_wait / 1000);
}

void traffic_run(struct run *run, FILE *out) {
    fprintf(out, "{\"connections\":%zu,", run->count);
    connect_all(run, out);
    fputs("\"phases\":[", out);
    for (int i = 0; i < run->phase_count; i++) {
        if (i) fputc(',', out);
        run_phase(run, &run->phases[i], out);
    }
    fputs("],", out);
}
