/* SPDX-License-Identifier: GPL-2.0-only */
/* traffic: what its files share. */
#ifndef TRAFFIC_H
#define TRAFFIC_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

bool read_all(int fd, char *buf, size_t len);

/* Both ends of a connection over loopback, in a namespace that ends with it. */
bool do_netns(void);

/* Sends back whatever comes, until the end. */
void echo_serve(int fd);

/* 100 kB there and back, each octet compared. */
bool echo(int fd);

/* @n ports that no other connection of this test has (TRAFFIC_PORTS). */
void reserve_ports(int n);

/* The @i-th from TRAFFIC_SPORT, or the next one reserved, for a connection with @to. */
bool bind_port(int fd, const struct sockaddr_storage *to, socklen_t len, int i);

#endif
