/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPTRACKCTL_H
#define TCPTRACKCTL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>
#include <jansson.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>

/* What the program ends with (tcptrackctl.8). */
enum {
	EXIT_USAGE = 1,		/* the command line */
	EXIT_REFUSED,		/* the kernel said no */
	EXIT_NO_MODULE,
	EXIT_FOUND,		/* doctor */
	EXIT_PARTLY,		/* save, restore, settings, doctor */
};

struct options {
	bool json;
	bool pretty;
	unsigned int rate;	/* seconds, or 0 */
	const char *netns;	/* in which we are, or NULL */
	bool timestamps;
	int family;		/* AF_INET, AF_INET6, or 0: both */
};

extern struct options options;

/* A subcommand: its arguments, without its name. Returns the exit status. */
int cmd_status(int argc, char **argv);
int cmd_stats(int argc, char **argv);
int cmd_states(int argc, char **argv);
int cmd_listeners(int argc, char **argv);
int cmd_flows(int argc, char **argv);
int cmd_settings(int argc, char **argv);
int cmd_set(int argc, char **argv);
int cmd_listener(int argc, char **argv);
int cmd_save(int argc, char **argv);
int cmd_restore(int argc, char **argv);
int cmd_metrics(int argc, char **argv);
int cmd_serve(int argc, char **argv);
int cmd_diff(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_explain(int argc, char **argv);
int cmd_monitor(int argc, char **argv);
int cmd_top(int argc, char **argv);

/* --- main.c --- */

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* What die() does first, or NULL: of who has a terminal to give back. */
extern void (*die_first)(void);

/* A name in it is any bytes: what is not for a terminal, nor for JSON, becomes "?". */
void only_ascii(char *text);

/* Says so, in a line on stderr, of only_ascii(). */
void __attribute__((format(printf, 1, 2))) complain(const char *format, ...);

/* The same, and ends. */
void __attribute__((noreturn, format(printf, 2, 3))) die(int status, const char *format, ...);

/* Ends if not all that was printed is written. */
void flush_stdout(void);

/* Says that not all was, by this errno (0: of before, nobody knows), and ends. */
void __attribute__((noreturn)) not_printed(int err);

/* Into a network namespace of ip-netns(8), or of a path, or it ends. */
void enter_netns(const char *name);

/* Ends if there are arguments that a subcommand does not take. */
void no_arguments(const char *command, int argc, char **argv);

/* --- netlink.c --- */

/*
 * To the module, in the namespace where this process is now. Ends, saying what to do, if there
 * is no such family.
 */
void netlink_open(void);

/* A socket to the kernel, from whom alone it receives, or NULL. */
struct mnl_socket *netlink_socket(int bus);

/* A request for the module: fill in attributes, then netlink_run(). */
struct nlmsghdr *netlink_request(uint8_t command, bool dump);

/*
 * Calls back for each message of the answer, its attributes by type up to max (NULL: nothing
 * is answered). Ends if the
 * kernel refuses, saying why. Returns whether what was dumped has changed meanwhile.
 */
typedef void (*each_fn)(const struct nlmsghdr *nlh, struct nlattr **attrs, void *arg);
bool netlink_run(struct nlmsghdr *request, each_fn each, uint16_t max, void *arg);

/*
 * The same for what is answered by yes or no: returns 0 or a negative errno; the kernel's own
 * words in why, or NULL, until the next request.
 */
int netlink_try(struct nlmsghdr *request, const char **why);

/* Says so, of flows or listeners. */
void netlink_changed(bool changed, const char *what);

/* For who walks over attributes of which there are several of a type. */
#define NETLINK_HEADER	sizeof(struct genlmsghdr)

/* Attributes by type; those above max are of a newer module. */
void netlink_nested(const struct nlattr *nest, struct nlattr **attrs, uint16_t max);

/*
 * Joins a group of the module's family; what: to whom it is refused, and why. Then
 * netlink_listen() calls back for each event until a signal ends it (status 0) or the module
 * goes. lost() is called where some were lost.
 */
void netlink_join(const char *group, const char *refused);
int netlink_listen(each_fn each, uint16_t max, void (*lost)(void));

/* The command of a message. */
uint8_t netlink_command(const struct nlmsghdr *nlh);

/* A number of 4 or 8 bytes; 0 if it is not there. */
uint64_t netlink_uint(const struct nlattr *attr);

/* --- stats.c, diff.c --- */

/* All values and counters by name, in their order: what "stats -j" prints. */
json_t *stats_read(void);

/* Whether the module's self-test of SYN cookies has failed: then it has chosen mode=monitor. */
bool stats_no_cookies(void);

/* Prints what has changed from one to the other, or ends if they do not belong together. */
void diff_print(const json_t *before, const json_t *after);

/* --- status.c --- */

/* Of the verdict: since when, and of "-j status" whether there is a flood, or was. */
const char *status_uptime(unsigned long long ms);
const char *status_flood(const json_t *all);

/* --- metrics.c --- */

/* All metrics, or it ends and has written nothing: who sees an error sees nothing else. */
void metrics_write(FILE *to);

/* The same, but what was printed when it ends is not all, and the caller knows that. */
void metrics_print(FILE *to);

/* --- settings.c, listeners.c: what save.c keeps --- */

/*
 * All settings of the namespace, by name: what "settings -j" prints; not_utf8: the name of one
 * that JSON cannot have, or NULL.
 */
json_t *settings_read(const char **not_utf8);

/* Whether they have this one, and it is this word. */
bool settings_is(const json_t *all, const char *name, const char *value);

/* Puts a setting as settings_read() has it into a request; returns what is wrong, or NULL. */
const char *settings_put(struct nlmsghdr *nlh, const char *name, const json_t *value);

extern const char * const listener_overflow_words[];
extern const char * const listener_cookie_words[];

/* --- netns.c --- */

/* Goes into the namespace of a name of ip-netns(8), or of a path. Returns 0 or a negative errno. */
int netns_enter(const char *name);

/* Back to where netns_enter() was called first. */
void netns_return(void);

/* Their names, sorted, NULL at the end; the caller ends soon. */
char **netns_names(void);

/* --- file.c --- */

/*
 * A new file beside path, which file_commit() renames to it: whole, or not at all. Both end
 * if that fails. NULL is stdout.
 */
FILE *file_begin(const char *path, mode_t mode);
void file_commit(FILE *file);

/* --- monitor.c, subscribe.c --- */

extern const char * const side_words[];
extern const char * const close_words[];

/* What fits these pairs of NAME and VALUE, alone, is told by netlink_listen(). */
void subscribe(int argc, char **argv);

/* --- filter.c --- */

/* What may be named once, the last one without a name; attr is what it is put into. */
struct filter {
	const char *name;
	void (*put)(struct nlmsghdr *nlh, const struct filter *f, const char *text);
	uint16_t attr, prefix_attr;
};

/* Puts pairs of NAME and VALUE; ends if one is none. */
void filter_read(const struct filter *filters, struct nlmsghdr *nlh, int argc, char **argv);

uint16_t filter_family(const char *text);
void filter_port(struct nlmsghdr *nlh, const struct filter *f, const char *text);

/* ADDRESS[/PREFIX] */
void filter_addr(struct nlmsghdr *nlh, const struct filter *f, const char *text);

/* WORD[,WORD]..., of which bit() says what each is. */
typedef uint32_t (*bit_fn)(const char *text);
uint32_t filter_mask(const char *text, bit_fn bit);

/* A state, or a group of them by its name in ss(8): a bit for each. */
uint32_t filter_state(const char *text);

/* --- flood.c --- */

/* What is known of it, by the names of the log; "top" is not an attribute alone. */
json_t *flood_json(const struct nlmsghdr *nlh, struct nlattr **attrs);
void flood_print(const struct nlmsghdr *nlh, struct nlattr **attrs);

/* --- print.c --- */

/* The names of states, as /proc has them. */
extern const char * const state_names[];

/* The word of a list, NULL at its end, or "?" for one of a newer module. */
const char *word(const char * const *words, uint32_t n);
extern const char * const mode_words[];
extern const char * const listener_words[];
extern const char * const class_words[];

/* What a user wants it to be: one of the words, or, without words, a number. Ends if not. */
uint32_t value_of(const char *name, const char * const *words, const char *text);

/* As much of it as there is room for in size bytes. */
void append(char *text, size_t size, const char *more);

const char *family_name(uint16_t family);

/* ADDRESS:PORT, [ADDRESS]:PORT; in a static buffer, of which there are four. */
const char *endpoint(const struct nlattr *addr, const struct nlattr *port);

/* ADDRESS alone; the same buffers. */
const char *address(const struct nlattr *addr);

/* The port alone. */
unsigned int port_number(const struct nlattr *attr);

/* A JSON text, and a line end; takes the reference. */
void print_json(json_t *value);

/*
 * A list: a header and lines of text, or JSON. Nothing is printed before the first element
 * or the end, so that an error is all that is seen.
 */
void list_begin(const char *header);

/* Before a line of text. */
void list_next(void);

/* An element of JSON; takes the reference. */
void list_add(json_t *value);
void list_end(void);

#endif /* TCPTRACKCTL_H */
