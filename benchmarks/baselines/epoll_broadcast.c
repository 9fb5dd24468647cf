/* A bare epoll loop: each message that comes in goes out to everybody, one send() for each. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define ROOM 65536
#define MAX_CLIENTS 100000

struct client {
    int fd;
    bool upgraded;
    size_t at, size; /* its place in the list of clients; bytes kept */
    unsigned char kept[4096];
};

static struct client *clients[MAX_CLIENTS];
static size_t client_count;
static int epoll;

static uint32_t rotate(uint32_t x, int n) { return x << n | x >> (32 - n); }

static void sha1_block(uint32_t h[5], const unsigned char *p) {
    uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)p[4 * i] << 24 | (uint32_t)p[4 * i + 1] << 16 |
               (uint32_t)p[4 * i + 2] << 8 | p[4 * i + 3];
    for (int i = 16; i < 80; i++) w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    for (int i = 0; i < 80; i++) {
        uint32_t f = i < 20   ? ((b & c) | (~b & d)) + 0x5a827999
                     : i < 40 ? (b ^ c ^ d) + 0x6ed9eba1
                     : i < 60 ? ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc
                              : (b ^ c ^ d) + 0xca62c1d6;
        uint32_t t = rotate(a, 5) + f + e + w[i];
        e = d, d = c, c = rotate(b, 30), b = a, a = t;
    }
    h[0] += a, h[1] += b, h[2] += c, h[3] += d, h[4] += e;
}

/* Sec-WebSocket-Accept (RFC 6455, 4.2.2): base64 of the SHA-1 of a key and a constant, 60 bytes. */
static void accept_key(const char *key, char out[29]) {
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned char block[128] = {0}, digest[21] = {0};
    uint32_t h[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    memcpy(block, key, 24);
    memcpy(block + 24, "258EAFA5-E914-47DA-95CA-C5AB0DC85B11", 36);
    block[60] = 0x80;
    block[126] = 480 >> 8, block[127] = 480 & 255;
    sha1_block(h, block);
    sha1_block(h, block + 64);
    for (int i = 0; i < 20; i++) digest[i] = (unsigned char)(h[i / 4] >> (24 - i % 4 * 8));
    for (int i = 0; i < 7; i++) {
        uint32_t three = (uint32_t)digest[3 * i] << 16 | digest[3 * i + 1] << 8 | digest[3 * i + 2];
        for (int j = 0; j < 4; j++) out[4 * i + j] = alphabet[three >> (18 - 6 * j) & 63];
    }
    memcpy(out + 27, "=", 2);
}

static void send_all(int fd, const unsigned char *data, size_t size) {
    while (size) {
        ssize_t wrote = send(fd, data, size, MSG_NOSIGNAL);
        if (wrote > 0) data += wrote, size -= (size_t)wrote;
        else if (errno != EAGAIN) return;
        else poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, 1000);
    }
}

static void leave(struct client *c) {
    if (c->upgraded) {
        clients[c->at] = clients[--client_count];
        clients[c->at]->at = c->at;
    }
    close(c->fd);
    free(c);
}

static void upgrade(struct client *c) {
    char answer[200], accepted[29], *key;
    c->kept[c->size < sizeof c->kept ? c->size : sizeof c->kept - 1] = 0;
    if (!strstr((char *)c->kept, "\r\n\r\n")) return;
    key = strcasestr((char *)c->kept, "\r\nSec-WebSocket-Key: ");
    if (!key) return;
    accept_key(key + 21, accepted);
    int size = snprintf(answer, sizeof answer,
                        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                        "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n", accepted);
    send_all(c->fd, (unsigned char *)answer, (size_t)size);
    c->upgraded = true;
    c->size = 0;
    c->at = client_count;
    clients[client_count++] = c;
}

static void broadcast(unsigned char *payload, size_t size) {
    static unsigned char frame[ROOM + 4];
    size_t head = size < 126 ? 2 : 4;
    frame[0] = 0x81;
    frame[1] = size < 126 ? (unsigned char)size : 126;
    if (head == 4) frame[2] = (unsigned char)(size >> 8), frame[3] = (unsigned char)size;
    memcpy(frame + head, payload, size);
    for (size_t i = 0; i < client_count; i++) send_all(clients[i]->fd, frame, head + size);
}

static size_t take_frame(unsigned char *p, size_t size) {
    if (size < 6) return 0;
    size_t length = p[1] & 0x7f, head = 6;
    if (length == 126) {
        if (size < 8) return 0;
        length = (size_t)p[2] << 8 | p[3];
        head = 8;
    }
    if (size < head + length) return 0;
    for (size_t i = 0; i < length; i++) p[head + i] ^= p[head - 4 + i % 4];
    if ((p[0] & 15) == 1) broadcast(p + head, length);
    return head + length;
}

static void readable(struct client *c) {
    ssize_t got = recv(c->fd, c->kept + c->size, sizeof c->kept - c->size, 0);
    if (got <= 0) {
        leave(c);
        return;
    }
    c->size += (size_t)got;
    if (!c->upgraded) {
        upgrade(c);
        return;
    }
    size_t used = 0, taken;
    while ((taken = take_frame(c->kept + used, c->size - used))) used += taken;
    memmove(c->kept, c->kept + used, c->size - used);
    c->size -= used;
}

static void welcome(int listener) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    if (fd < 0) return;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    struct client *c = calloc(1, sizeof *c);
    c->fd = fd;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

static int listen_on(int port) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (bind(fd, (struct sockaddr *)&at, sizeof at) || listen(fd, 1024)) {
        perror("listen");
        exit(1);
    }
    return fd;
}

int main(int argc, char **argv) {
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    int listener = listen_on(argc > 1 ? atoi(argv[1]) : 8000);
    epoll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL}, events[256];
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int count = epoll_wait(epoll, events, 256, -1);
        for (int i = 0; i < count; i++) {
            if (events[i].data.ptr) readable(events[i].data.ptr);
            else welcome(listener);
        }
    }
}
