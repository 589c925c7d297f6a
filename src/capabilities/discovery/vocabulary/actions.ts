// What people say for what they want done. One line a thing: how tools call it, then what people say for it.

export const actions = `
create < apply, assemble, author, begin, book, bootstrap, bring up, build, compose, construct, cook up, craft, declare, draft,
  draw, enroll, erect, establish, fabricate, file, form, found, get going, get started, have a new, hook up, init, initialise,
  initialize, initiate, instantiate, introduce, issue, jot down, kick off, launch, lay out, log a, mint, note down, open,
  open up, originate, place, prepare, produce, provision, publish, put, put in, put together, put up, raise, regenerate,
  register, report, save, set down, set up, share, sign up, spawn, spin up, stand up, start, start a new, store, whip up, write,
  write down
add < allocate, allow, append, attach, bring on, contribute, enlist, enrol, enroll, equip, give, grant, hook in, hook up,
  include, insert, join, mark, note down, onboard, plug in, plus, prepend, put, put into, put on, register, set up, sign up,
  slap on, stick, stick on, store, supply, tack on, two numbers, write down
delete < abandon, axe, bin, burn, cancel, chuck, clean out, clear, clear out, cut, decommission, delist, deregister, disband,
  dismantle, dispose, dissolve, ditch, do away with, do not need, drop, dump, eliminate, empty, eradicate, expire, expunge,
  flush, forget, get rid, kill off, any longer, any more, no longer, no longer need, no need for, not needed, obliterate, prune,
  pull back, purge, rescind, retire, retract, revoke, scrap, scrub, shred, shut down, stop, sweep, take back, take down,
  tear down, teardown, throw, toss, toss out, trash, undo, unpublish, unregister, unset, unused, vaporize, wipe out, withdraw,
  zap
remove < boot, chuck out, clear, clear off, cut loose, cut off, deny, deprive, deprovision, detach, disassociate, dismiss,
  dissociate, drop, drop from, evict, exclude, expel, fire, forget, kick, kick out, lay off, leave, leave out, let go, lift,
  no longer, offboard, oust, pull, pull out, quit, retire, revoke, sack, strip, take away, take back, take from, take off,
  take out, throw, throw out, unassign, undo, unlink, unlist, unpin, unset, unstar, withdraw
update < apply, bring up to date, bump, bump up, bump version, call, changed, close, complete, correct, customise, customize,
  decrease, delay, demote, double, enlarge, expand, extend, fill in, fine tune, finish, fix, fix up, flip, grow, hide, improve,
  increase, lower, make it, make private, make public, mark, modified, move, move to, outdated, personalize, polish, postpone,
  prolong, promote, publicize, push back, put, put off, raise, reassign, reconfigure, redefine, redo, reduce, refine, refresh,
  rename, reopen, rephrase, repoint, reschedule, resize, resolve, retarget, retitle, retune, revamp, reword, rework, rewrite,
  rotate, save, shift, shorten, shrink, switch, sync, toggle, touch, touch up, transition, tune, turn into, tweak, typo, unhide,
  up to date, upgrade
set < adjust, assign, cap, choose, decide, declare, define, determine, dictate, enforce, fix, force, from now on, give, grant,
  impose, keep, keep for, limit, make, mandate, mark, mark as, only, pick, pin down, policy, prescribe, put, put to, require,
  restrict, select, specify, stipulate, switch
get < access, acquire, bring up, check out, consult, details of, dump, examine, exist, explain, find out, grab, have a look,
  how does, how far, how is, inspect, let me see, load, look at, look into, lookup, obtain, open, open up, peek, pick up, poll,
  present, print, pull, pull up, read out, reveal, see, take, take a look, tell, view, what, what does, what is, what was,
  where is, who is
list < all of, browse, catalogue, currently, dump, each of, enumerate, every, exist, filter, how many, inventory, line up,
  name all, online, overview, overview of, recent, roster, rundown, see all, show all, skim, sort, view all, what are,
  what do we have, what is there, what kinds, which, which are, which ones, who are, who has, who have
search < anything about, are there any, called, comb through, containing, defined, definition, dig, dig up, explore, filter,
  google, hunt, hunt down, identify, index, is there any, know, known, look around, look through, lookup, match, matching,
  mentioned, mentions of, pattern, pinpoint, recall, regex, root out, scan for, seek, sift, spot, track down, trawl, used,
  where
enable < activate, allow, arm, can use, let, make available, make possible, make use, may use, open up, opt in, permit,
  put live, start, start using, switch on, toggle, turn on, unblock
disable < ban, cut off, deactivate, disallow, do not allow, do not let, forbid, mothball, mute, no longer, not allowed, opt out,
  pause, prevent, prohibit, put on ice, shut off, stop, stop using, suppress, suspend, switch off, toggle, turn off
suspend < cut off, disable, for now, freeze, hold, hold off, pause, put on hold, temporarily
resume < carry on, go on, keep going, pick up again, thaw, unfreeze, unpause, wake up
restore < bring back, get back, put back, recover, rescue, resurrect, retrieve deleted, revert, revive, roll back, undelete,
  undo
transfer < change hands, change owner, give away, hand, hand over, make owner, move to, new owner, ownership, pass, pass on,
  reassign, relocate
rename < call, call it, change name, change the name, change title, different name, give a new name, name change, new name,
  relabel, retitle, title
move < drag, migrate, put somewhere else, put under, rearrange, relocate, rename, reorder, shift, transfer
assign < allocate, assignee, claim, delegate, entrust, give, hand, hand over, in charge, make responsible, owner, pass, pick up,
  put on, responsible, take on, take over, triage, who works on
lock < archive, close, close off, end the discussion, freeze, hold, no more comments, off topic, seal, shut, shut down,
  shut down comments, stop, stop discussion, stop the discussion
unlock < free, let again, let talk again, open again, release, reopen discussion, thaw, unblock, unfreeze
close < abandon, call it done, complete, dismiss, done with, finish, finished, mark as done, resolve, settle, shut, wrap up
reopen < came back, is back, not fixed, open again, open up again, still broken
approve < accept, agree, allow, authorise, authorize, bless, confirm, give the go ahead, go ahead, green light, let it go,
  let through, lgtm, looks good, ok, okay, pass, sign off, thumbs up, trust, wave through
reject < decline, deny, do not approve, knock back, not approve, rebuff, refuse, say no, send back, turn down, veto
dismiss < accepted risk, brush off, false positive, ignore, not a problem, not relevant, set aside, wave off
merge < bring in, combine, conflict, consolidate, fold in, get in, integrate, join, land, merge conflict, pull in, rebase, ship,
  ship it, squash, unite
cancel < abandon, abort, back out, break off, call off, give up on, halt, interrupt, kill, quit, stop, stop running, terminate,
  withdraw
stop < abandon, break off, call off, cease, end, halt, hang up, hibernate, interrupt, pause, power off, pull the plug,
  put to sleep, quit, shut, shut down, take down, tear down, teardown, turn off
start < begin, boot, bring up, fire up, get going, kick off, launch, power on, provision, resume, spin up, stand up, turn on,
  wake up
run < attempt, build, carry out, command, execute, exercise, fire off, force, go through, job, kick off, launch, log, logs,
  ongoing, perform, play, process
trigger < by hand, every time, fire, initiate, kick off, launch, manually, on demand, run, set off, start, start by hand,
  whenever
rerun < again, another go, another time, another try, flaky, give it another try, once more, one more time, redo, repeat,
  restart, retrigger, retry, run again, second attempt, try again
redeliver < again, deliver again, replay, resend, send again, try again
send < announce, direct message, dispatch, drop a line, forward, inform, let know, pass along, share, shoot, tell, transmit
subscribe < be told, follow, get notified, get updates, hear about, keep an eye on, keep me posted, keep posted, notify me,
  sign up, stay informed, stay up to date, watch, watcher
unsubscribe < leave me alone, mute, no more emails, not interested, quiet, silence, stop emails, stop getting, stop notifying,
  stop watching, too much noise
unfollow < do not follow, stop following, unsubscribe
block < abuse, abusive, annoying, ban, banned, blacklist, blacklisted, blocking, forbid, harass, keep out, paragraph, prevent,
  shut out, spammer, troll, trolls
unblock < forgive, let back in, lift ban, lift the ban, pardon
invite < add, ask to join, bring in, bring on board, get on board, hire, let in, new hire, newcomer, onboard, recruit, sign up,
  welcome
upload < add, add a file, attach, drop in, hand in, push, push up, put, put up, send, send in, submit, supply
download < checkout, export, fetch, get, get a copy, get hold, grab, local copy, offline, pull, pull down, retrieve, save,
  save locally, take, take home
export < back up, backup, dump, extract, get out, leave, migrate, move away, moving away, take out, take with
import < bring in, bring over, ingest, load, migrate, move in, pull, pull in, read in, restore, take in
compare < against, ahead, behind, between, changed, changed between, changes, changes between, contrast, differ, difference,
  gap, git diff, side by side, since, versus, vs, what changed, what changed between
sync < behind, bring up to date, catch up, in step, mirror, pull from upstream, refresh, up to date, upstream
revoke < compromised, expire, invalidate, kill, leaked, pull back, rotate, stolen, take away, take back, void
grant < award, entitle, give, hand out, let, provide
check < already, can, ci, confirm, does it, ensure, exist, green, has, has been, health, is in, is it true, is there, linter,
  make sure, may, passing, test if, valid, verify, whether
review < approval, approve, critique, examine, feedback, go over, inspect, look at, look over, opinion, request changes,
  reviewer, second opinion, second pair of eyes, sign off, verdict
request < apply for, ask, ask for, call for, calls, demand, need, solicit
reply < answer, answered, get back to, respond, write back
submit < file, finish, hand in, send in, turn in
publish < announce, go live, go public, launch, make available, make public, make visible, put out, release, share, ship
deploy < bring out, deployments, go live, install, promote, push out, push to production, put into production, put live,
  release to, roll out, ship
generate < auto write, automatically write, come up with, compose, draft, make up, produce, write for me
render < convert, display as, draw, format, html, look like, preview, show as html, turn into, turn into html
convert < change into, to a draft, transform, translate, turn into
pin < feature, highlight, keep at the top, put on top, showcase, stick
unpin < no longer highlight, take off the top, unstick
star < bookmark, favorite, favourite, like, save for later
unstar < no longer like, remove bookmark, unfavorite, unlike
fork < clone, clones of, copied, copies, copy, copy of, derivative, derived, duplicate, my copy, network, own copy, upstream
bypass < break the rule, circumvent, despite, exception, exempt, exemption, get around, go around, ignore the rule, override,
  skip
reorder < move down, move up, order of, prioritise, prioritize, priority, put after, put before, rearrange, sort, swap
reprioritize < move down, move up, order of, put after, put before, rearrange, reorder, swap
retry < again, attempt
ping < alive, try out
post < announce, tell
write < append, prepend, save
open issues < backlog
limit < budget, remaining, restrict
allowed < can use, may use
read: file < cat, load, open, print, show, view
read < cat file, dump, load, open, print, skim
test < coverage, demo, ping, sample, try out
create: release < cut a release, tag a release
send: message < dm, message
copy < duplicate
mark < duplicate, flag
clear < empty
describe < explain
edit < find and replace, fix, insert, typo, write
replace < find and replace, rewrite, rotate
restrict < forbid, prevent
list: commits < git log
add: collaborator < give access, grant access
protect < guard, lock down, prevent, restrict, safeguard, secure, shield
give < hand
register < hook up, sign up
connect < hook up
count < how many, how much, how often
save < keep, stash, store, write
store < keep, remember, save
add: member < let in, onboard
open < load, reopen
required < mandatory, must, require
update: branch < merge conflict, rebase
remove: member < offboard
append < paragraph
show < print, visible
restart < reboot, reload, reset
add: observation < remember
requested reviewers < reviewer, waiting for review, whose review
insert < seed
configure < set up
required reviewer < sign off
create: user < sign up
change < switch
add: label < tag
download: archive < tarball
create: file < touch
delete: protection < unprotect
remove: protection < unprotect
search: code < usage
displayed < visible
blocked by < waiting for
watch < watcher
`;
