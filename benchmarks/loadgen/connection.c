/* One connection: dial, upgrade, read frames, write what has gathered. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loadgen.h"

static void watch(struct run *run, struct connection *c, int operation, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = c};
    if (epoll_ctl(run->epoll, operation, c->fd, &event)) fail("epoll_ctl: %s", strerror(errno));
}

static void dial(struct run *run, struct connection *c) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(c->port)};
    if (inet_pton(AF_INET, run->host, &to.sin_addr) != 1) fail("not an address: %s", run->host);
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (c->fd < 0) fail("socket: %s", strerror(errno));
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    if (connect(c->fd, (struct sockaddr *)&to, sizeof to) && errno != EINPROGRESS)
        fail("connect to port %d: %s", c->port, strerror(errno));
    c->state = DIALING;
    c->replies_due = c->commands;
    if (!c->tries) c->dialed_at = now_ns();
    watch(run, c, EPOLL_CTL_ADD, EPOLLOUT);
}

static void dial_again(struct run *run) {
    if (!run->returning_count || now_ns() < run->next_return) return;
    size_t kept = 0;
    int64_t next = INT64_MAX;
    for (size_t i = 0; i < run->returning_count; i++) {
        struct connection *c = run->returning[i];
        if (c->due_at <= now_ns()) {
            dial(run, c);
            continue;
        }
        run->returning[kept++] = c;
        if (c->due_at < next) next = c->due_at;
    }
    run->returning_count = kept;
    run->next_return = next;
}

void connections_dial(struct run *run) {
    dial_again(run);
    size_t due = (size_t)((double)(now_ns() - run->started) / 1e9 * DIALS_A_SECOND);
    while (run->waiting_from < run->count && run->waiting_from < due &&
           run->waiting_from - run->ready - run->closed < run->dialing_at_once)
        dial(run, &run->connections[run->waiting_from++]);
}

/* As the SDKs do: half a second, and up to twice as long at random each time, at most 20 s. */
void connection_return(struct run *run, struct connection *c, uint64_t *counter) {
    ++*counter;
    close(c->fd);
    c->in.size = c->out.size = 0;
    c->blocked = false;
    memset(c->channels, 0, sizeof c->channels);
    c->state = RETURNING;
    double spread = 0.5 * (double)(1u << (c->tries < 6 ? c->tries : 6)) * drand48();
    c->tries++;
    c->due_at = now_ns() + (int64_t)((spread < 19.5 ? 0.5 + spread : 20) * 1e9);
    if (!run->returning_count || c->due_at < run->next_return) run->next_return = c->due_at;
    run->returning[run->returning_count++] = c;
}

static bool is_open(const struct connection *c) { return c->state >= DIALING && c->state <= READY; }

static void closed(struct run *run, struct connection *c, const char *why, size_t size) {
    if (c->state == READY) run->ready--;
    c->state = CLOSED;
    run->closed++;
    run->in_flight -= c->in_flight;
    c->in_flight = 0;
    close(c->fd);
    bytes_free(&c->in);
    fault(run, &run->faults.disconnects, "disconnect", why, size);
}

static void flush(struct run *run, struct connection *c) {
    while (c->out.size) {
        ssize_t wrote = send(c->fd, c->out.data, c->out.size, MSG_NOSIGNAL);
        if (wrote < 0 && errno == EAGAIN) {
            c->blocked = true;
            watch(run, c, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
            return;
        }
        if (wrote < 0) {
            closed(run, c, strerror(errno), strlen(strerror(errno)));
            return;
        }
        bytes_drop_front(&c->out, (size_t)wrote);
    }
}

static void gather(struct run *run, struct connection *c) {
    if (c->unflushed) return;
    c->unflushed = true;
    run->unflushed[run->unflushed_count++] = c;
}

void connection_write(struct run *run, struct connection *c, const char *text, size_t size) {
    frame_append(&c->out, OP_TEXT, text, size);
    gather(run, c);
}

void connections_flush(struct run *run) {
    for (size_t i = 0; i < run->unflushed_count; i++) {
        struct connection *c = run->unflushed[i];
        c->unflushed = false;
        if (is_open(c) && !c->blocked) flush(run, c);
    }
    run->unflushed_count = 0;
}

void connection_ready(struct run *run, struct connection *c) {
    c->state = READY;
    run->ready++;
    if (c->asked_at && now_ns() - c->asked_at > run->longest_wait)
        run->longest_wait = now_ns() - c->asked_at;
    histogram_add(&run->ready_after, now_ns() - c->dialed_at);
}

static void ask_for_upgrade(struct run *run, struct connection *c) {
    char request[600];
    int size = snprintf(request, sizeof request,
                        "GET %s HTTP/1.1\r\nHost: %s:%d\r\nUpgrade: websocket\r\n"
                        "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                        "Sec-WebSocket-Version: 13\r\n\r\n",
                        c->path, run->host, c->port);
    bytes_append(&c->out, request, (size_t)size);
    c->state = UPGRADING;
    watch(run, c, EPOLL_CTL_MOD, EPOLLIN);
    gather(run, c);
}

static size_t take_upgrade(struct run *run, struct connection *c, const char *data, size_t size) {
    const char *end = memmem(data, size, "\r\n\r\n", 4);
    if (!end) return 0;
    if (size >= 12 && !memcmp(data, "HTTP/1.1 503", 12)) {
        connection_return(run, c, &run->refused);
        return size;
    }
    if (size < 12 || memcmp(data, "HTTP/1.1 101", 12) != 0)
        fail("no upgrade at %s: %.*s", c->path, (int)(end - data), data);
    if (c->opening) {
        c->state = OPENING;
        c->asked_at = run->now;
        connection_write(run, c, c->opening, strlen(c->opening));
    }
    run->dialect->upgraded(run, c);
    return (size_t)(end - data) + 4;
}

static void take_close(struct run *run, struct connection *c, const struct frame *frame) {
    char why[160] = "without a code";
    if (frame->size >= 2) {
        const unsigned char *code = (const unsigned char *)frame->payload;
        snprintf(why, sizeof why, "%d %.*s", code[0] << 8 | code[1], (int)(frame->size - 2),
                 frame->payload + 2);
    }
    closed(run, c, why, strlen(why));
}

static void take_frame(struct run *run, struct connection *c, const struct frame *frame) {
    switch (frame->opcode) {
    case OP_TEXT:
        run->dialect->text(run, c, frame->payload, frame->size);
        break;
    case OP_CLOSE:
        take_close(run, c, frame);
        break;
    case OP_PING:
        frame_append(&c->out, OP_PONG, frame->payload, frame->size);
        gather(run, c);
        break;
    default:
        break;
    }
}

static size_t take_all(struct run *run, struct connection *c, const char *data, size_t size) {
    size_t used = 0, taken;
    if (c->state == UPGRADING) {
        used = take_upgrade(run, c, data, size);
        if (!used) return 0;
    }
    struct frame frame;
    while (is_open(c) && (taken = frame_take(data + used, size - used, &frame))) {
        take_frame(run, c, &frame);
        used += taken;
    }
    return used;
}

static void readable(struct run *run, struct connection *c) {
    size_t kept = c->in.size;
    memcpy(run->input, c->in.data ? c->in.data : "", kept);
    ssize_t got = recv(c->fd, run->input + kept, INPUT_ROOM - kept, 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
        closed(run, c, got ? strerror(errno) : "end of stream", got ? strlen(strerror(errno)) : 13);
        return;
    }
    run->now = now_ns();
    run->counters.received_bytes += (uint64_t)got;
    size_t size = kept + (size_t)got, used = take_all(run, c, run->input, size);
    if (!is_open(c)) return;
    if (size - used == INPUT_ROOM) fail("a frame does not fit %u bytes", INPUT_ROOM);
    c->in.size = 0;
    if (used < size) bytes_append(&c->in, run->input + used, size - used);
}

static void writable(struct run *run, struct connection *c) {
    if (c->state == DIALING) {
        int error = 0;
        getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &(socklen_t){sizeof error});
        if (error) fail("connect to port %d: %s", c->port, strerror(error));
        ask_for_upgrade(run, c);
        return;
    }
    c->blocked = false;
    watch(run, c, EPOLL_CTL_MOD, EPOLLIN);
    flush(run, c);
}

void connection_event(struct run *run, struct connection *c, uint32_t events) {
    if (is_open(c) && (events & EPOLLOUT)) writable(run, c);
    if (is_open(c) && c->state != DIALING && (events & (EPOLLIN | EPOLLERR | EPOLLHUP)))
        readable(run, c);
}
