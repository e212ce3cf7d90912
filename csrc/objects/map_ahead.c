/*
 * Reading ahead: while this thread makes objects of one batch, another one, which knows nothing of Python,
 * reads the next. Where the machine has no processor for it, and it has not begun when its batch is
 * needed, the batch is taken back and read here: nobody waits for a thread that does not run.
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "map_entries.h"

#define PATIENCE 10 /* milliseconds; a batch takes two where nobody else wants the processors */

enum state { IDLE, ASKED, READING, READ, OVER };

struct ahead {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    enum state state;
    int holders; /* the two threads; the last one frees it */
    int fd;
    struct entries *self;
    long result;
    bool hindered; /* others want the processors, too: it was begun, and then stopped */
};

static void let_go(struct ahead *ahead) /* with the lock */
{
    int left = --ahead->holders;
    pthread_mutex_unlock(&ahead->lock);
    if (left)
        return;
    pthread_cond_destroy(&ahead->changed);
    pthread_mutex_destroy(&ahead->lock);
    if (ahead->fd >= 0)
        close(ahead->fd);
    free(ahead);
}

static void *reader(void *argument)
{
    struct ahead *ahead = argument;

    pthread_mutex_lock(&ahead->lock);
    for (;;) {
        while (ahead->state != ASKED && ahead->state != OVER)
            pthread_cond_wait(&ahead->changed, &ahead->lock);
        if (ahead->state == OVER)
            break;
        ahead->state = READING;
        pthread_mutex_unlock(&ahead->lock);
        long result = tb_entries_read(ahead->self, &ahead->self->next, ahead->fd);
        pthread_mutex_lock(&ahead->lock);
        ahead->result = result;
        ahead->state = READ;
        pthread_cond_signal(&ahead->changed);
    }
    let_go(ahead);
    return NULL;
}

/* The caller keeps the descriptor where it fails. */
struct ahead *tb_ahead_new(struct entries *self, int fd)
{
    struct ahead *ahead = calloc(1, sizeof *ahead);
    pthread_attr_t attributes;
    sigset_t all, before;
    pthread_t thread;

    if (!ahead)
        return NULL;
    *ahead = (struct ahead){.holders = 2, .fd = fd, .self = self};
    pthread_mutex_init(&ahead->lock, NULL);
    pthread_cond_init(&ahead->changed, NULL);
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    sigfillset(&all); /* signals are for threads of Python */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&thread, &attributes, reader, ahead);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    if (!failed)
        return ahead;
    ahead->fd = -1;
    ahead->holders = 1;
    tb_ahead_free(ahead);
    return NULL;
}

void tb_ahead_ask(struct ahead *ahead)
{
    if (ahead->hindered) /* it is read when it is waited for */
        return;
    pthread_mutex_lock(&ahead->lock);
    ahead->state = ASKED;
    pthread_cond_signal(&ahead->changed);
    pthread_mutex_unlock(&ahead->lock);
}

long tb_ahead_wait(struct ahead *ahead)
{
    struct timespec began, ended;

    clock_gettime(CLOCK_MONOTONIC, &began);
    pthread_mutex_lock(&ahead->lock);
    while (ahead->state == READING)
        pthread_cond_wait(&ahead->changed, &ahead->lock);
    clock_gettime(CLOCK_MONOTONIC, &ended);
    long waited = (ended.tv_sec - began.tv_sec) * 1000 + (ended.tv_nsec - began.tv_nsec) / 1000000;
    ahead->hindered = ahead->hindered || waited > PATIENCE;
    bool read = ahead->state == READ;
    long result = ahead->result;
    ahead->state = IDLE;
    pthread_mutex_unlock(&ahead->lock);
    return read ? result : tb_entries_read(ahead->self, &ahead->self->next, ahead->fd);
}

void tb_ahead_free(struct ahead *ahead)
{
    pthread_mutex_lock(&ahead->lock);
    while (ahead->state == READING)
        pthread_cond_wait(&ahead->changed, &ahead->lock);
    ahead->state = OVER;
    pthread_cond_signal(&ahead->changed);
    let_go(ahead);
}
