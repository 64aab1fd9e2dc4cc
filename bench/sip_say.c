#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* in_pktinfo */
#endif
#include "sip_say.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define MESSAGE_SIZE 2048
#define OWN_HOSTS 0x7F010000U /* 127.1.0.0: loopback is a whole network */
#define OWN_HOSTS_MOST 65000

uint32_t sip_host_of(const struct sip_side *s, unsigned number)
{
    return s->own_hosts ? OWN_HOSTS + 1 + number % OWN_HOSTS_MOST : s->host;
}

static void name_host(char to[INET_ADDRSTRLEN], uint32_t host)
{
    struct in_addr address = { htonl(host) };

    (void)inet_ntop(AF_INET, &address, to, INET_ADDRSTRLEN);
}

/* The kernel chooses the address that a datagram leaves from, unless we say. */
/* NOLINTNEXTLINE(readability-non-const-parameter): struct iovec takes nothing const */
static void send_from(const struct sip_side *s, uint32_t host, char *text, size_t size)
{
    _Alignas(struct cmsghdr) char space[CMSG_SPACE(sizeof(struct in_pktinfo))] = { 0 };
    struct in_pktinfo from = { .ipi_spec_dst.s_addr = htonl(host) };
    struct iovec part = { text, size };
    struct sockaddr_in server = s->server;
    struct msghdr m = { .msg_name = &server,
                        .msg_namelen = sizeof server,
                        .msg_iov = &part,
                        .msg_iovlen = 1,
                        .msg_control = space,
                        .msg_controllen = sizeof space };
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);

    c->cmsg_level = IPPROTO_IP;
    c->cmsg_type = IP_PKTINFO;
    c->cmsg_len = CMSG_LEN(sizeof from);
    memcpy(CMSG_DATA(c), &from, sizeof from);
    (void)sendmsg(s->socket, &m, 0);
}

static void write_dialled(const struct sip_side *s, const struct sip_call *c, char *to, size_t size)
{
    char server[INET_ADDRSTRLEN];

    name_host(server, ntohl(s->server.sin_addr.s_addr));
    if (s->phones.orbit && c->number >= s->phones_since)
        (void)snprintf(to, size, "sip:%u@%s:%u", s->phones.orbit + c->number - s->phones_since,
                       server, ntohs(s->server.sin_port));
    else if (s->phones.at)
        (void)snprintf(to, size, "%s", s->phones.at);
    else
        (void)snprintf(to, size, "sip:park@%s:%u", server, ntohs(s->server.sin_port));
}

/* From somebody outside whom 105 has sent here, or from 106, who wants the call for himself. */
static void write_caller(const struct sip_side *s, const struct sip_call *c, const char *host,
                         char *from, char *referred, size_t size)
{
    *referred = 0;
    if (s->phones.retrieve && c->number >= s->phones_since) {
        (void)snprintf(from, size, "sip:106@%s", host);
        return;
    }
    (void)snprintf(from, size, "sip:+4930%u@provider.example", c->number);
    (void)snprintf(referred, size, "Referred-By: <sip:105@%s:%u>\r\n", host, s->port);
}

void sip_send(const struct sip_side *s, const struct sip_call *c, const char *method, unsigned cseq,
              const char *branch, const char *body)
{
    char text[MESSAGE_SIZE], host[INET_ADDRSTRLEN], dialled[128], from[128], referred[128];
    int length;

    name_host(host, sip_host_of(s, c->number));
    write_dialled(s, c, dialled, sizeof dialled);
    write_caller(s, c, host, from, referred, sizeof from);
    length =
        snprintf(text, sizeof text,
                 "%s %s SIP/2.0\r\n"
                 "Via: SIP/2.0/UDP %s:%u;branch=z9hG4bK%s%u\r\nMax-Forwards: 70\r\n"
                 "From: <%s>;tag=c%u\r\nTo: <%s>%s%s\r\n"
                 "Call-ID: b%u@%u.bench\r\nCSeq: %u %s\r\nContact: <sip:c@%s:%u>\r\n"
                 "%s%sContent-Length: %zu\r\n\r\n%s",
                 method, dialled, host, s->port, branch, c->number, from, c->number, dialled,
                 *c->tag ? ";tag=" : "", c->tag, c->number, s->port, cseq, method, host, s->port,
                 referred, *body ? "Content-Type: application/sdp\r\n" : "", strlen(body), body);
    if (length > 0 && (size_t)length < sizeof text)
        send_from(s, sip_host_of(s, c->number), text, (size_t)length);
}

/* The same key for every phone: who listens here has nothing to hide. */
static void write_crypto(const char *suite, char *to, size_t size)
{
    bool gcm = strstr(suite, "GCM") != NULL; /* 16 bytes of key and 12 of salt; else 16 and 14 */

    (void)snprintf(to, size, "a=crypto:1 %s inline:%s\r\n", suite,
                   gcm ? "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nw=="
                       : "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5");
}

void sip_send_invite(const struct sip_side *s, const struct sip_call *c)
{
    char body[384], host[INET_ADDRSTRLEN], crypto[128] = "";

    name_host(host, sip_host_of(s, c->number));
    if (s->phones.suite)
        write_crypto(s->phones.suite, crypto, sizeof crypto);
    (void)snprintf(body, sizeof body,
                   "v=0\r\no=- 1 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\n"
                   "m=audio %u %s 8\r\n%s%s",
                   host, host, s->phones.audio ? s->phones.audio : s->audio,
                   s->phones.suite ? "RTP/SAVP" : "RTP/AVP", s->phones.mute ? "a=inactive\r\n" : "",
                   crypto);
    sip_send(s, c, "INVITE", 1, "i", body);
}
