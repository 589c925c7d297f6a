import { wordSet } from './words.ts';

// Only usage that is common among people who build software belongs here, nothing to please one tool or one question.

/** What a tool does to things. */
export type Action = 'create' | 'read' | 'update' | 'delete' | 'run' | 'stop';

/** Actions by the words that say so. */
export const actionWords: Readonly<Record<Action, string>> = {
  create:
    'create, add, new, make, insert, generate, open, file, raise, register, draft, compose, write, start, publish, post, spin up, set up, provision, import, upload, attach, invite, fork, submit, send, reply, request, save, copy, share, remember, note down, store, break down, hook up, star, follow, answer, connect, react, subscribe, watch, clone, duplicate, schedule, book, comment',
  read: 'get, list, fetch, read, show, view, display, describe, look up, inspect, see, search, find, query, check, retrieve, count, compare, download, export, which, what, who, where, when, why, how, is, are, has, does, do, did, look for, grab, print, load, locate, grep, tell, verify, enumerate, browse, know, preview, analyze, calculate, validate, summarize, monitor, trace',
  update:
    'update, edit, change, modify, patch, alter, adjust, set, rename, move, replace, configure, mark, close, reopen, fix, rewrite, rewording, amend, tweak, assign, transfer, convert, swap, enable, disable, turn on, turn off, switch on, switch off, lock, unlock, merge, sync, tag, bump, give, push back, require, protect, restrict, limit, allow, permit, grant, forbid, block, pin, archive, overwrite, append, reorder, prioritize, promote, demote, restore, recover, bring back, approve, mute, ignore, snooze, accept, decline, reject, resolve, unsuspend, unmute, rotate, renew, refresh, revert, roll back, undo, resume, unpause, upgrade, downgrade, extend, reduce, increase, decrease, raise, lower, deprecate, reschedule, postpone',
  delete:
    'delete, remove, destroy, drop, erase, purge, clear, wipe, discard, trash, get rid of, throw away, throw out, revoke, kick out, take off, take out, strip, forget, unlink, unassign, empty, uninstall, detach, unstar, unfollow, unpin, clean up, pull back, kick, unprotect, no longer, any longer, any more, rm, unsubscribe, unwatch, unblock, unpublish, unregister, deregister, evict, expel, offboard',
  run: 'run, deploy, execute, trigger, dispatch, launch, invoke, kick off, rerun, retry, restart, redeliver, ping, test, run again, try again, resend, send again, review',
  stop: 'stop, cancel, abort, kill, halt, terminate, shut down, dismiss, suspend',
};

/** Those that are nouns, or mean nothing, as often: they say what is done only where they come first. */
export const ambiguousVerbs = `
file, post, draft, review, test, check, tag, star, save, import, export, set, store, fork, open, mark, answer, share, make, start, new,
remember, read, limit, watch, block, archive, pin, follow, request, record, clone, duplicate, schedule, book, comment, raise, trace, preview, monitor, upgrade, ignore, extend
`;

/** Verbs whose second half may stand further on: `turn the logs on`. */
export const separableVerbs = `
take from, turn on, turn off, switch on, switch off, take off, take out, take back, take away, bring back, put back, throw away, throw out,
kick out, kick off, shut down, set up, spin up, send again, run again, try again, roll back, pull back, hand over, give back,
hook up, clean up, look up, note down, write down, break down, push back, turn into, pull in, fill in, log out, sign off, turn down, sign in
`;

/** Words that a query can do without. */
export const stopWords = `
a, an, the, of, to, in, on, for, and, or, with, at, by, from, into, onto, as, it, its, this, that, these, those, there, here, be, been, am,
is, are, was, were, do, does, did, has, have, had, can, could, would, should, will, shall, may, might, please, want, wants, need,
needs, like, i, we, you, us, they, them, he, she, him, her, his, their, your, our, ours, lets, just, also, so, then, than, some, any, every,
each, too, very, really, now, about, if, but, not, out, up, down, off, over, more, most, much, many, how, what, which, who, when,
where, why, whose, s, t, m, re, ve, ll, d, let, got, go, goes, going, one, ones, thing, things, stuff, something, anything, everything,
someone, anybody, anyone, somebody, everybody, nobody, else, only, other, another, same, such, own, yet, still, already, ever, never, again, been, being,
before, after, until, during, while, since, because, whether, though, between, two, three, four, five, six, ten, hey, hi, hello, thanks, thank, ok, okay, help, able, way, use, using, used, via, per, etc, my, me, mine, no, all
`;

/** Stop words that say a little all the same. */
export const questionWords = 'who, what, which, where, when, why, how, between, nobody';

/** After these a query rather says what goes into the tool than which tool it wants. */
export const valueMarkers = `
since, until, before, after, while, because, about, named, called, titled, saying, says, mentioning, regarding, that says, entitled, containing, labelled, because, with the text
`;

/** A query that begins so asks. */
export const openers = wordSet(
  'who whose whom what which where when why how is are was were am do does did has have had can could may might will should',
);

/** It asks for something new. */
export const asksForOne = /\b(?:want|need)s? (?:a|an|another|some)\b/i;

/** What people say before what they want. */
export const politeOpenings: readonly (readonly string[])[] = `
please, kindly, hey, hi, hello, ok, okay, now, just, then, also, can you, could you, would you, will you, can we, could we, can i, could i,
i want to, i need to, i have to, i wish to, i like to, i would like to, we want to, we need to, we have to, we would like to, want to, need to, trying to,
i want you to, i need you to, i would like you to, i am trying to, help me to, help me, how do i, how do we, how do you, how can i, how can we, how to,
is there a way to, is it possible to, would it be possible to, go ahead and, make sure to, i must, you should, do me a favor and
`
  .split(',')
  .map((opening) => opening.trim().split(' '))
  .sort((a, b) => b.length - a.length);
