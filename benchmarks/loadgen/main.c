/* Options in, one JSON object out. */
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "loadgen.h"

static const char usage[] =
    "loadgen --plan FILE --phase window:4:2 [--phase rate:10:5] [--phase hold:0:10]\n"
    "        [--dialect text|centrifuge|socketio] [--message TEMPLATE] [--body-size N]\n"
    "        [--audience N] [--complete acked|delivered] [--warmup S] [--drain S]\n"
    "        [--dialing N] [--watch PID] [--host ADDRESS] [--deadline S]\n";

void fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("loadgen: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    exit(1);
}

void fault(struct run *run, uint64_t *counter, const char *what, const char *detail, size_t size) {
    ++*counter;
    if (run->faults.first[0]) return;
    snprintf(run->faults.first, sizeof run->faults.first, "%s: %.*s", what, (int)size, detail);
    for (char *p = run->faults.first; *p; p++) /* what JSON would have escaped */
        if (*p == '"' || *p == '\\' || (unsigned char)*p < 32 || (unsigned char)*p > 126) *p = '\'';
}

static void add_phase(struct run *run, const char *text) {
    char kind[16];
    struct phase *phase = &run->phases[run->phase_count];
    if (run->phase_count++ == MAX_PHASES) fail("more than %d phases", MAX_PHASES);
    if (sscanf(text, "%15[a-z]:%lf:%lf", kind, &phase->value, &phase->seconds) != 3)
        fail("not a phase: %s", text);
    for (int i = 0; i < PHASE_KINDS; i++) {
        if (strcmp(kind, phase_kinds[i])) continue;
        phase->kind = (enum phase_kind)i;
        return;
    }
    fail("not a phase: %s", text);
}

static void add_pid(struct run *run, const char *text) {
    if (run->pid_count == MAX_PIDS) fail("more than %d processes to watch", MAX_PIDS);
    run->pids[run->pid_count++] = atoi(text);
}

static const struct option options[] = {
    {"plan", required_argument, NULL, 'p'},     {"phase", required_argument, NULL, 'f'},
    {"dialect", required_argument, NULL, 'd'},  {"message", required_argument, NULL, 'm'},
    {"body-size", required_argument, NULL, 'b'}, {"audience", required_argument, NULL, 'a'},
    {"complete", required_argument, NULL, 'c'}, {"warmup", required_argument, NULL, 'w'},
    {"dialing", required_argument, NULL, 'n'},  {"watch", required_argument, NULL, 'x'},
    {"host", required_argument, NULL, 'h'},     {"deadline", required_argument, NULL, 't'},
    {"drain", required_argument, NULL, 'r'},    {NULL, 0, NULL, 0},
};

static void take_option(struct run *run, int option, const char *value) {
    switch (option) {
    case 'p': plan_read(run, value); break;
    case 'f': add_phase(run, value); break;
    case 'd': run->dialect = dialect_named(value); break;
    case 'm': run->message = value; break;
    case 'b': run->body_size = (uint32_t)atoi(value); break;
    case 'a': run->audience = (uint32_t)atoi(value); break;
    case 'c': run->complete_when_delivered = !strcmp(value, "delivered"); break;
    case 'w': run->warmup = atof(value); break;
    case 'r': run->drain = atof(value); break;
    case 'n': run->dialing_at_once = (uint32_t)atoi(value); break;
    case 'x': add_pid(run, value); break;
    case 'h': run->host = value; break;
    case 't': run->deadline = atoi(value); break;
    default: fputs(usage, stderr); exit(2);
    }
}

static void too_late(int signal) {
    static const char text[] = "loadgen: the deadline is over\n";
    (void)signal;
    (void)!write(STDERR_FILENO, text, sizeof text - 1);
    _exit(3);
}

static void *zeroed(size_t count, size_t size) {
    void *made = calloc(count, size);
    if (!made) fail("out of memory");
    return made;
}

static void prepare(struct run *run) {
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    signal(SIGALRM, too_late);
    alarm((unsigned)run->deadline);
    run->epoll = epoll_create1(0);
    run->input = zeroed(1, INPUT_ROOM);
    run->ring = zeroed(RING, sizeof *run->ring);
    run->senders = zeroed(run->sender_count + 1, sizeof *run->senders);
    run->returning = zeroed(run->count, sizeof *run->returning);
    run->unflushed = zeroed(run->count, sizeof *run->unflushed);
    size_t at = 0;
    for (size_t i = 0; i < run->count; i++)
        if (run->connections[i].sends) run->senders[at++] = &run->connections[i];
}

int main(int argc, char **argv) {
    static struct run run = {.host = "127.0.0.1", .message = "@body@", .audience = 1,
                             .body_size = 128, .dialing_at_once = 100, .warmup = 0.5, .drain = 5,
                             .number = FIRST_NUMBER - 1, .deadline = 120};
    run.dialect = dialect_named("text");
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;)
        take_option(&run, option, optarg);
    if (!run.count || !run.phase_count) fail("a plan and a phase are needed\n%s", usage);
    prepare(&run);
    traffic_run(&run, stdout);
    const struct faults *faults = &run.faults;
    printf("\"faults\":{\"errors\":%lu,\"gaps\":%lu,\"repeats\":%lu,\"missing\":%lu,"
           "\"unknown\":%lu,\"disconnects\":%lu},\"first_fault\":\"%s\"}\n",
           faults->errors, faults->gaps, faults->repeats, faults->missing, faults->unknown,
           faults->disconnects, faults->first);
    return 0;
}
