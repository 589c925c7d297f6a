// Only usage that is common among people who build software belongs here, nothing to please one tool or one question.

/**
 * Words that may stand for each other, a group a line; an entry of several words is known as a phrase.
 */
export const synonyms = `
administrator, admin
type, kind, sort of, category
new, fresh, brand new
approve, accept, sign off, lgtm, green light
artifact, artefact, build output
assign, allocate, delegate, hand
authentication, auth, login, sign in, log in
authorization, authz
block, ban
branch, head branch
browser, web
click, press, tap
cluster, k8s
code, source, source code
collaborator, contributor
column, field
comment, remark, note
compare, diff, difference
compress, zip, gzip, archive
connect, link
content, contents, text
continuous integration, ci
convert, transform, render, turn into, translate
copy, duplicate, clone, fork
cost, billing, spend, spending, bill, invoice, expense, charge
count, number of, how many, total, sum
create, add, new, make, insert, generate
current user, authenticated user, me, whoami, who am i, logged in, myself
customer, client
database, db
default branch, main, master, trunk
delete, remove, destroy, drop, erase, purge, rm, get rid of, throw away, throw out, wipe, discard, trash, clean up, nuke
dependency, library, package
deploy, deployment, roll out, rollout, ship
directions, route
directory, folder, dir
disable, deactivate, turn off, switch off
disconnect, unlink, detach
distance, how far
distributed denial of service, ddos
download, export
duration, how long, elapsed time
email, mail, e mail
enable, activate, turn on, switch on
entity, entities, node
environment, env, stage
error, exception, failure, fault
file, document
function, method
get, fetch, read, retrieve, show, view, display, describe, look up, inspect, see, give me, tell me, bring me
graphics processing unit, gpu
height, altitude, elevation, how high
history, timeline, activity
identity provider, idp
information, info, details, detail, metadata
input, field, form
install, set up
internet, web, online
invite, invitation
issue, ticket
javascript, js
key, ssh key, deploy key
knowledge graph, memory
kubernetes, k8s
label, tag
language, programming language
latest, newest, most recent, last
license, licence
limit, quota, cap
list, enumerate, all
location, place
lock, freeze
log, logs, output
machine, server, host, vm, instance
markdown, md
meeting, event, appointment
member, membership
merge, combine, join, integrate
message, chat
migrate, migration
monitor, observe, track
move, mv, relocate, transfer
navigate, go to, visit
notification, alert
observation, fact
organization, organisation, org, company
page, tab
parameter, argument, field, property, attribute
pause, suspend
permission, access, role, privilege, allowed, allow
picture, image, photo
pin, highlight
pod, container
publish, release, ship
pull request, pr, pull, merge request, mr
query, sql
reaction, emoji, thumbs up, thumbs down
refund, reimburse
reject, decline, deny, refuse, turn down
relation, relationship, link, connection
release notes, changelog, change log, what's new
rename, change name
replace, overwrite, swap, substitute
reply, answer, respond
repository, repo, codebase
rerun, retry, run again, try again, restart, redo, repeat
resend, redeliver, send again
restore, recover, undelete, bring back, undo, revert, roll back, rollback
resume, continue, unpause
row, record
run, execute, start, trigger, dispatch, launch, invoke, kick off
scale, replicas, scale up
schedule, cron
screenshot, screen capture, screen shot
search, find, query, look for, look up, grep, locate, discover, lookup
secret, credential, password, confidential
send, post, deliver, submit
set, configure, define
setting, settings, configuration, config, preference, option, options
single sign on, sso
size, how big, how large, bytes, disk space, how much space
software bill of materials, sbom
spreadsheet, sheet
star, favorite, favourite, bookmark
status, state, progress
stop, cancel, abort, kill, halt, terminate, shut down, end, interrupt
subscribe, watch, follow
team, group
template, boilerplate, scaffold, skeleton
test, tests, spec
thinking, think, thought, reason, reasoning, reflect
time, date
token, api key, access token
two factor, 2fa, mfa
typescript, ts
uninstall, remove
unsubscribe, mute, silence, unwatch, unfollow
update, edit, change, modify, patch, alter, adjust, revise, amend, tweak
upload, import, attach
url, link, address
usage, consumption, statistics, stats, metrics, metric
user interface, ui
user, person, people, account, who
validate, check, verify, lint
variable, var
version, revision
vulnerability, vulnerable, cve, security hole, weakness
webhook, hook, callback
website, site, web page, webpage, homepage
workflow, pipeline
`;

/** Phrases whose words mean something else by themselves. */
export const fixedPhrases = 'pull request, merge request';
