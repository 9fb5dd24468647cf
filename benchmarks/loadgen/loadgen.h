/* The load generator: one thread, one epoll, many WebSocket connections that follow a plan. */
#ifndef LOADGEN_H
#define LOADGEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* ---- bytes.c: growing buffers ------------------------------------------------------------- */

struct bytes {
    char *data;
    size_t size, room;
};

void bytes_append(struct bytes *b, const void *data, size_t size);
void bytes_drop_front(struct bytes *b, size_t size);
void bytes_free(struct bytes *b);

/* ---- histogram.c: times in microseconds, 1.6 % wide --------------------------------------- */

#define HISTOGRAM_BUCKETS 2048

struct histogram {
    uint64_t counts[HISTOGRAM_BUCKETS];
};

void histogram_add(struct histogram *h, int64_t nanoseconds);
/* Prints [[upper edge in us, count], ...], only what is not empty. */
void histogram_print(const struct histogram *h, FILE *out);

/* ---- process.c: what the server costs ------------------------------------------------------ */

struct usage {
    double cpu_seconds;
    long rss_kb;
};

int64_t now_ns(void);
struct usage usage_of(const int *pids, int count);
double own_cpu_seconds(void);

/* ---- wire.c: WebSocket framing (RFC 6455), client side ------------------------------------- */

enum opcode { OP_CONTINUATION = 0, OP_TEXT = 1, OP_BINARY = 2, OP_CLOSE = 8, OP_PING = 9, OP_PONG = 10 };

struct frame {
    int opcode;
    const char *payload;
    size_t size;
};

void frame_append(struct bytes *out, int opcode, const char *payload, size_t size);
/* Takes one whole frame from the front of data; returns its length, or 0 if it is not all there. */
size_t frame_take(const char *data, size_t size, struct frame *frame);

/* ---- connections --------------------------------------------------------------------------- */

#define MAX_CHANNELS 4
#define CHANNEL_NAME 80

enum state { WAITING, RETURNING, DIALING, UPGRADING, OPENING, READY, CLOSED };

struct channel {
    char name[CHANNEL_NAME];
    size_t size;
    uint64_t offset;
};

struct connection {
    int fd;
    enum state state;
    bool sends, unflushed, blocked;
    uint16_t port;
    uint32_t in_flight, replies_due, commands, tries;
    char *path;
    char *to;      /* what a message's @to@ stands for */
    char *opening; /* the commands that open the connection, one a line, or NULL */
    int64_t dialed_at, asked_at, due_at; /* due: when it dials again after it was refused */
    uint64_t last_number; /* the newest message of a stream that has no offsets */
    struct channel channels[MAX_CHANNELS];
    struct bytes in, out;
};

/* ---- the run: everything there is ---------------------------------------------------------- */

struct slot { /* one message under way */
    uint64_t number;
    int64_t sent_at;
    struct connection *sender;
    uint32_t delivered;
};

enum phase_kind { HOLD, WINDOW, RATE, PHASE_KINDS };
extern const char *const phase_kinds[PHASE_KINDS];

struct phase {
    enum phase_kind kind;
    double value, seconds;
};

struct counters {
    uint64_t sent, acked, delivered, received_bytes;
    struct histogram ack, peer;
};

struct faults {
    uint64_t errors, gaps, repeats, missing, unknown, disconnects;
    char first[200];
};

struct run;

struct dialect {
    const char *name;
    void (*upgraded)(struct run *, struct connection *);
    void (*text)(struct run *, struct connection *, const char *, size_t);
};

#define DIALS_A_SECOND 20000. /* at most: 10,000 SDKs that lost one server dial within 0.5 s */
#define FIRST_NUMBER 1000 /* of a message; below are the ids of the commands that open */
#define MAX_PHASES 16
#define MAX_PIDS 16
#define RING (1u << 20)       /* messages under way, at most */
#define INPUT_ROOM (4u << 20) /* bytes of one read, and of the largest frame */

struct run {
    const char *host, *message; /* the template: @id@ @to@ @body@ */
    const struct dialect *dialect;
    uint32_t audience; /* deliveries a message */
    bool complete_when_delivered;
    uint32_t body_size, dialing_at_once;
    double warmup, drain; /* seconds before a phase counts, and for what is late after it */
    int deadline;
    struct phase phases[MAX_PHASES];
    int phase_count;
    int pids[MAX_PIDS];
    int pid_count;

    struct connection *connections;
    size_t count, waiting_from, ready, closed;
    struct connection **senders, **unflushed, **returning;
    size_t sender_count, unflushed_count, returning_count;
    int64_t started, next_return;
    uint64_t refused, turned_away; /* by 503 at the handshake, by error 111 after it */
    int64_t longest_wait;          /* of commands that open a connection for their answers */
    int epoll;
    int64_t now;
    char *input;
    struct slot *ring;
    uint64_t number, in_flight, messages, deliveries; /* since the start */
    const struct phase *phase;                        /* NULL: nothing more is sent */
    struct counters counters;
    struct histogram ready_after;
    struct faults faults;
};

const struct dialect *dialect_named(const char *name);

void plan_read(struct run *run, const char *path);

void connections_dial(struct run *run);
void connection_event(struct run *run, struct connection *c, uint32_t events);
void connection_write(struct run *run, struct connection *c, const char *text, size_t size);
void connection_return(struct run *run, struct connection *c, uint64_t *counter);
void connection_ready(struct run *run, struct connection *c);
void connections_flush(struct run *run);

void traffic_send(struct run *run, struct connection *c);
void traffic_acked(struct run *run, struct connection *c, uint64_t number);
void traffic_delivered(struct run *run, struct connection *c, uint64_t number);
void traffic_run(struct run *run, FILE *out);

void fault(struct run *run, uint64_t *counter, const char *what, const char *detail, size_t size);
void fail(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

#endif
