// Long because it is data. Only usage that is common among people who build software belongs here, nothing to please one tool
// or one question.

/**
 * What a word or phrase may also mean, in this direction only: a query that says the left is looked up under the right as well.
 */
export const senses = `
abandon: close, delete, stop
able to: permission
abort: cancel
about me: authenticated user
access: get, collaborator, allowed directories
access level: permission
account: customer
add: sum, plus, invite, upload
added: sum
adoption: usage, metrics
again: rerun, redeliver, retry
agent: runner
aggregate: summary, statistics
agree: approve
ahead: compare
ai: copilot, agent, model
ai assistant: copilot
alarm: alert
alert: dialog
alias: name
alive: status, health, ping
allow: enable, permission, add, approve
allowed: permission, access, allowed directories
allowed to: permission, access
analytics: statistics
analyze: analysis, thinking
annotation: comment, warning
announce: post, message, send, publish
another time: rerun
answer: reply
answered: reply
api calls: rate limit
api key: secret
app: application
append: add, write
apply: create, update
appointment: event
approval: review
approve: review, approval
approver: reviewer
archive: lock, gzip
article: page
artifact: package
ask: request, query
ask database: query
ask the database: query
ask to join: invite
asked to join: invitation
assemble: create
asset: file
assign: set
assignee: assign
assistant: copilot, agent
associate: relation, link
at once: multiple, bulk, simultaneously
attach: asset, attachment, upload
attachment: asset, file, release asset
attempt: delivery, run, retry
attribute: field
audience: traffic
audio: media
author: commit, user, create
authors: contributors
automation: workflow
avatar: user, profile
awaiting: pending
axe: delete
back: go back, previous
back up: export
backlog: issue, open issues, project
backup: export, snapshot, archive
badge: status
ban: disable, restriction
base64: binary, media
be told: subscribe
been up to: activity, event, history
begin: create
beginning: head, first
behind: compare
belong: relation, member
belongs: member
belongs to: parent issue
below: child, under, directory
between: compare, diff, range
bigger machine: machine type
biggest: size, largest, top
bill: billing
bin: delete
binaries: artifact
binary: asset, file, base64, blob, media, release asset
bio: profile
blame: commit, author
bless: approve
blob: object, file
block: restriction
blocked by: dependency
blocking: dependency, blocked
blog: pages
board: project
body: contents
book: create
boot: start, remove
bootstrap: create
bot: app, agent
both: multiple
both files: multiple files
brain: knowledge graph
brainstorm: thinking
branch: reference, ref
break down: split, sub, thinking, analyze
break off: stop
bring back: restore
bring in: merge, invite, import
bring out: deploy
bring up: start, create, get
bring up to date: update, sync
broke: failed, error, logs
broken: failed, error
broken down: sub issue
browse: navigate, web, list
bucket: storage, object
budget: limit
bug: issue, ticket, defect
bug report: issue
build: create, run, workflow run, compile, workflow, job
build agent: runner, self hosted runner
build machine: runner, self hosted runner, hosted runner
build output: artifact
build result: artifact
build server: runner, self hosted runner
builds: workflow runs
built where: attestation
bulk: multiple, batch
bump: update, upgrade
bump version: update, release
busiest: activity, hourly, statistics
business: organization
button: click, element
buyer: customer
by hand: trigger
cache: caches
calculate: compute, sum
calendar: event, schedule
call: meeting, update, rename, delivery, event
call off: stop, cancel
callback: webhook
called: search
calls: deliveries, requests
calls left: rate limit
can: check
can do: permission, access
can use: permission, allowed, enabled, access
cancel: delete
cannot change: immutable
cap: budget
capture: screenshot
card: item, issue, project item
carefully: thinking
carry out: run
cat: read file
cat file: read
categorize: label, tag
category: topic, label
cease: stop
cell: range, spreadsheet
change line: edit file
change name: rename
change owner: transfer
change request: pull request
changed: diff, compare, commits, updated
changed between: compare
changes: diff, commit, compare
changeset: pull request, commit
charges: billing, usage
chart: helm, statistics
chat: message, conversation, channel
check: status, check run
checkin: commit
checkout: payment, session, branch, download, clone
cherry pick: commit, apply
child: sub, nested, sub issue
child ticket: sub issue
children: child
chime in: comment
choose: select, set
chuck: delete
ci: workflow, actions, check, build, workflow run
ci cd: workflow, pipeline
claim: assign
clear: delete, remove, reset
clear out: delete
client: customer
clone: fork
close: update, complete, lock
cloud ide: codespace
cloud machine: codespace, instance
code: repository, file
code base: repository
code fragment: gist
code review: pull request
code scanner: code scanning alert
codebase: repository
coding agent: copilot agent, copilot
coding assistant: copilot
coding task: task, agent
colleague: member, user
color: label
colour: label
column: status, field
command: exec, run
commits: history
committed secret: secret scanning alert
committers: contributors
company: organization
company wide: organization
complaint: issue
complete: update
components: bill of materials
compose: create
compress: gzip
compute: calculate
concept: entity
confidential: secret
confirm: approve, check
conflict: merge
connection: relation
consider: thinking
console: console messages, log, logs
constant: variable
container: pod, docker, package
container registry: package
contractor: external, outside collaborator
contrast: compare
contribute: contributor
contributed: contributors
contribution: pull request
contributor: author, commits
conversation: thread, comment, message
convert: render
cook up: create
cookie: session, storage
cool down: interaction restrictions
coordinate: geocode, coordinates
copied: fork
copilot user: copilot seat
copy: fork
correct: update
cost: billing
cost cap: budget
count: query
counts: statistics
coupon: discount
course: classroom
coverage: code quality, test
cpu: metric, usage, machine type
craft: create
crash: error, failed, log, issue
crash loop: logs, pod
crashed: logs
crawl: scrape, pages, site
create file: write file
credential: secret
credit: billing, usage
crew: team
cron: schedule
cross reference: link, autolink
customer: customers
customize: update
cut: delete
cut a release: create release
cut off: remove, suspend
cve: security advisory
dashboard: panel, chart, summary, statistics
database: query, sql, table
day: daily
days: retention
deadline: due date, milestone
declare: create, set
decline: reject
decommission: delete
decrease: update
defect: issue, bug
define: set
defined: search, definition
definition: search, code
delay: update
delegate: assign
demo: sample, example, test
demote: role, update
deny: remove
department: team
depend: dependency, relation
dependency: dependabot, sbom
dependency fix: dependabot
dependency list: bill of materials
dependency update: dependabot
depends: relation
depends on: relation, dependency
deployment: kubernetes resource
deployments: deploy
deprecate: archive
deregister: delete
detach: remove
detail: observation
dev box: codespace
dev container: codespace
dev environment: codespace, workspace
dev machine: codespace, workspace
devcontainer: codespace
developers: contributors
development environment: codespace
diff: review comment
differ: compare
difference: compare
dig: search
digest: summary
direct message: message, send
direct push: branch protection
disable: suspend
disband: delete
discuss: discussion, comment, conversation
discussion: comment, conversation, thread
dismantle: delete
dismiss: remove
dispose: delete
dissolve: delete
ditch: delete
division: team, organization
dm: message, send message
do not forget: memory
doc: page, document
docker image: package, container
docs: documentation, pages, readme
docs site: pages
document: file, page
documentation: readme, docs, pages
domain: dns, pages, website
done: completed, finished
downgrade: version, rollback
download page: fetch
downloads: release, release asset
downtime: incident, status
draft: create
drain: node
draw: create, render, tree
drive: directions
drop: remove
dropdown: select, option
due: milestone, due date, deadline
dummy: sample, example
dump: export, backup, get, read, list
duplicate: copy, mark
eliminate: delete
emoji: reaction
emoticon: emoji
employee: member
employer: organization
empty: delete, clear
encode: base64, binary
encrypt: public key, secret
end: tail, last
endpoint: webhook
enforce: set
enroll: create
ensure: check
enter: fill, type
entry: project item
enumerate: list
env: environment variables
env var: variable
env vars: environment variables
environment: environment variables
epic: issue, parent, sub issue, parent issue
erect: create
establish: create
estimate: points, field
event: delivery
every: list
every time: webhook, event, trigger
evict: remove
examine: get, review
exception: error, issue
exclude: remove
execution: workflow run
executor: self hosted runner
exercise: run
exist: check, list, get
expand: update
expel: remove
expensive: cost, billing, usage
expire: revoke, delete, retention
expiry: retention, expire
explain: describe, get
exploit: security advisory
explore: search
export: migration, archive, download
exposed: secret scanning alert
extend: update
extension: plugin, app
external: outside, outside collaborator
extract: export
fact: observation, observations
facts: observation, memory, observations, entities
fail: failed, failure, error, log
failed: logs, deployment status
failing: failed, failure, error, commit status
fake: simulated, mock
false positive: alert, dismiss
fans: stargazers
feature request: issue
feedback: review, comment
fetch: download
fewer instances: scale
figure out: thinking, problem solving
figures: statistics
file: create
filesystem: file, directory
fill: type
fill in: form, fill
film: video, recording
filter: search, list, query
find and replace: edit, replace
find file: search files
find out: get
finding: alert, result, code scanning alert
findings: alert, result, analysis
finish: close, complete, update
finished: completed
fire: remove, trigger
fire off: run
firm: organization
first lines: head
fix: update, edit, set
flag: label, mark, report
flaky: failed
flaw: security advisory
flip: update
fold in: merge
folder: directory, list directory
followers: follower
forbid: disable, protection, restrict, block, restriction
force: set, run
force push: branch protection
forget: memory, delete, remove, entities
form: create
format: render
free: unlock
freelancer: outside collaborator
freeze: lock, suspend
from to: directions
frozen: immutable
get: download
get back: restore
get in: merge
get notified: subscribe
get rid: delete
ghsa: security advisory
git diff: compare
git log: commit, list commits
give: add, assign, grant, set
give access: permission, add collaborator
give away: transfer
glob: pattern, search files
go ahead: approve
go live: deploy, publish, release
go through: run
go to: navigate
goal: milestone
google: web search, search
grab: get, download, fetch
grant: add, permission, set
grant access: permission, add collaborator
graph: chart
green: passing, status, success, check, commit status
green check: status
green light: approve
group: team, channel
group by: aggregate, summary
grow: scale
guard: protect, restriction, branch protection
guards: ruleset
guest: outside collaborator, external
guy: user
gz: gzip
hand: transfer, give, assign
hand over: transfer, assign
handle: username, login
hang up: stop
happen: event, history, timeline, activity, log
hardcoded: secret
has: check
hash: commit, sha
have to pass: required status checks
head: first lines, reference
health: status, check
healthy: health, status
hear about: subscribe
heart: reaction
helper: collaborator
hide: visibility, update
hierarchy: tree, directory tree
hire: invite
history: commits, log
hit: click
hits: traffic
hold: suspend, pause, lock
homepage: pages
homework: assignment, classroom
hook: webhook
hook up: add, create, register, connect
hosting: pages, deployment
hotfix: branch, release
how big: metadata
how far: get
how is: get
how long: duration, time, retention
how many: count, statistics
how much: usage, count, total, statistics
how often: count, statistics
how old: metadata
hunt: search
hypothesis: thinking
icon: image
icons: emoji
identify: search
image: package, container
improve: update
in progress: status, transition
inactive: last activity, stale
inbox: email, message, notifications, notification
incident: issue, alert
increase: update
index: search
inform: notification, send
ingest: import
ingress: kubernetes resource
initialize: create, init
initiate: create, trigger
inline: review comment, line
input: type
insecure dependency: dependabot alert
insert: add, edit
inside: child, in, contents, directory
inspect: get
install: installation, app, deploy
installer: asset, file, release asset
instance: pod
integrate: merge
integration: app, connection
internet: web search
interrupt: stop
introduce: create
inventory: list
invite: attendee, invitation
invited: invitation
invoice: billing, usage
ip: ip addresses, network
ip range: ip addresses, meta
issue: create
job: workflow job, run, workflow
join: merge, add, member
joined: member
kanban: project
keep: save, store, set
keep for: retention
keep in mind: memory
keep me posted: subscribe
kept: retention
key: secret
keyword: topic
keywords: topics
kick: remove
kick off: trigger
kick out: remove
kill off: delete
know: memory, knowledge, search, entities, knowledge graph
knowledge: knowledge graph
known: memory, knowledge, search
knows: relation, knowledge
kpi: metrics, statistics
lambda: function
land: merge
large file: lfs
last lines: tail
latency: metric, performance
latitude: coordinates
laugh: reaction
launch: start, create, release, run, trigger, publish, deployment
leak: secret, secret scanning alert
leaked: secret, secret scanning alert, secret scanning
leaked key: secret scanning alert
leaked password: secret scanning alert
learned: observation, memory
leave: remove, membership
leave me alone: unsubscribe
left behind: artifact
let again: unlock
let go: remove
let in: invite, add member
let it go: approve
let through: approve
level of access: permission
lgtm: approve
license: copilot seat
lift: remove
like: reaction
likes: stargazers, observation
limit: restriction
line: inline, lines, text, inline comment, review comment
lines: line, text
linked: relation
linkedin: social accounts
lint: check run
linter: code quality, check
listener: webhook
llm: model
load: read, get, fetch, open, import, read file
location: directory
lock down: protect
log: run, job
log out: cookie, session, logout
logged in: authenticated, authenticated user
login: authenticate, session
logo: image
logs: job, run, workflow
long: long running
look at: review, view, get
look like: render
look through: search
looks good: approve
lookup: search, get
lower: update
ls: list directory
mail: email
main: branch
maintainer: owner, collaborator, member
make: set
make available: publish
make possible: enable
make public: visibility, publicize
make responsible: assign
make sure: check
mandatory: required, protection, rule, required status checks
manifest: apply
manually: trigger
many: multiple, bulk
many files: multiple files
mark: update, set, add
marker: label
master: branch
match: search, pattern
may: check, permission
may do: permission, access
may push: branch protection, collaborator
may use: permission, allowed, enabled, access
meeting: event
memorise: memory, create entity, knowledge graph
memorised: memory, graph
memorize: memory, create entity
memory: machine type, entities, observations, knowledge graph
mention: notification
mention that: comment
mentioned: search, notification
merge conflict: merge, update branch
merge request: pull request
message: send message, comment
metric: query, prometheus
migrate: import, export
mime: media
mint: create
minutes: usage, billing, duration, timing
missed: delivery
mkdir: create directory
mock: simulated, fake
modal: dialog
modified: last modified, modification, updated, metadata
module: package, library
money: billing, cost
monorepo: repository
month: monthly
more instances: scale
more power: machine type
mouse: hover, click
move: migration, update
move away: export
move in: import
move to: transition, status, update
moving away: migration, export
multiple: several, bulk, batch
multiply: calculate
must: required, rule
must pass: required status checks
mute: subscription, thread, ignore
my account: authenticated user
my profile: authenticated user
myself: authenticated user
namespace: kubernetes resource, context
near: local, places
near me: local, places
nearby: local, places
nested: tree, recursive, directory tree
network: ip
new owner: transfer
newest: latest
news: web search, notification
nickname: name, alias
nightly: schedule, workflow
no longer: remove, delete, disable
no one: restriction, protection
nobody: restriction, protection
node: kubernetes resource, entity
not interested: unsubscribe
note: comment, observation, document, page
note down: create, add, memory
notes: page, document
notified: webhook
notify: webhook, notification, message
notify me: subscribe
npm: package
numbers: statistics
obtain: get
offboard: remove member, remove
offline: status
ok: approve
okay: approve
on call: schedule, incident
on demand: trigger
onboard: invite, add member
once more: rerun
one go: multiple, bulk, simultaneously
one step at a time: sequential, thinking
ongoing: in progress, running
online: status, list, web search
online editor: codespace
only: restriction
only contributors: interaction restrictions
open: create, read, get, navigate, read file
open again: unlock
open page: navigate
open up: create, enable
open url: navigate
opinion: review
opt in: enable
opt out: disable
org wide: organization
origin: attestation
originate: create
oust: remove
outage: incident, status
outdated: stale, version, update
outdated dependency: dependabot
output: artifact, result, logs
over time: statistics
overview: summary, list
owner: admin, assign, metadata
ownership: transfer, owner
pack: gzip
package: version
page: document
page someone: alert, incident, notify
paid: billing, subscription
paragraph: block, append
parent: parent issue
part of: sub issue, member
partner: outside collaborator
pass: assign, transfer, approve
pass before: required status checks
pass on: transfer
passing: status, success, check, commit status
passphrase: secret
password: secret
paste: gist
patch: pull request, diff, edit file
patch a file: edit file
path: file, directory
pattern: search, match
pause: stop, suspend, disable
pay: payment
payload: delivery
peek: get, view
pending: waiting
people: member, user, entities
people with access: collaborator
per day: daily, statistics
per month: statistics
per week: weekly, statistics
perform: run
permalink: link, url
permissions: metadata
permit: enable
person: user, entity
personalize: update
photo: image, screenshot
pick: select, set
pick up: get, assign
picture: image, screenshot
picture of the page: screenshot
ping: test, message
pipeline: workflow run, workflow
place: create
plan: thinking, planning
planning: project
plans: marketplace
play: run
plugin: app, extension, integration
plus: sum, add
pod: kubernetes resource
pods: pod
policy: rules, permissions, settings, ruleset
polish: update
poll: get, status
ponder: thinking
pool: runner group
pool of runners: runner group
popular: top, traffic
popularity: traffic
popup: dialog, modal
port: port forward
post: message
postpone: update
prefers: observation
prepare: create
prepend: add, write
present: get
press: click
prevent: protection, restrict, block, protect, restriction
preview: render, environment
previous version: rollback, revision
price: cost, billing
print: get, read, show, read file
prioritize: priority, reorder
priority: field, label
private key: secret
privileges: permission, role
problem: issue
process: run
prod: production, environment
produce: create
produced: artifact
product: release
production: environment, deployment
profile: user
program: application
prohibit: disable
project: repository
prolong: update
promote: role, update, deploy
proof: attestation
properties: metadata, info
property: field
protect: protection, rule, branch protection
protected: branch protection
protection: ruleset
provenance: attestation
provision: create, start
prune: delete
publicize: update
publish: create, release
published: package, release
pull: get, download, import, fetch, remove
pull back: delete, revert, revoke
pull in: import
pull up: get
purchase: order, payment, marketplace
push: upload, commit, click
push access: permission, collaborator
push back: update
push to main: branch protection
push to production: deploy
put: add, set, create, update, upload
put a note: comment
put live: deploy
put on: assign
put on hold: suspend
put out: publish
put together: create
put up: create
qa: environment
question: query
queue: message
quit: leave, remove, stop, cancel
quota: rate limit
raise: create, update
ram: memory usage
read access: permission, pull
reason: logs, thinking
reason through: thinking
rebase: update branch, merge
reboot: restart
recall: memory, search
recap: summary
recent: latest, list
record: recording, capture
recover: restore
recursively: recursive, tree
red: failing, failed, error, logs, commit status
redo: update, rerun
reduce: update
ref: reference
referrer: referral, sources
refine: update
reflect: thinking
refresh: update, sync, reload
refund: payment
refuse: reject
regenerate: reset, refresh, create
regex: pattern, search
register: create, add
registry: package
relabel: rename
related: relation
relationship: relation
release: unlock
reload: refresh, restart
remaining: limit
remark: comment, inline comment, review comment
remember: memory, add observation, create entity, store, entities, observations, knowledge graph
reminder: schedule, task
remote dev environment: codespace
rename: update, move
renew: refresh, reset
reopen: update, open
reorder: reprioritize, move, order
repeat: echo, rerun
rephrase: update
replace: edit file
replica: scale
replicas: scale
reply: comment
report: summary, create, issue, artifact
request changes: review
requests left: rate limit
require: required, protection, rule, set
required: required status checks
reschedule: update
reset: restart, reload
resize: update
resolve: close, update
respond: comment, reply
responsible: owner, assignee, codeowners, assign
restart: rollout, rerun
restore: import
restrict: restriction, limit, protection, permission, protect
result: commit status
resurrect: restore
retention: keep, days
retire: delete
retrieve: download
retrigger: rerun
retry: rerun
reveal: get
review: reviewer
review comment: inline comment
reviewer: review, requested reviewers
revision: commit
revisions: history, commits, versions
revive: restore
revoke: delete, remove, invalidate
reword: update
rework: update
rewrite: update, replace
rights: permission, role
roadmap: project, milestone
rocket: reaction
roll out: rollout, deploy
rolled out: deployment
rollout: deployment, deployment status
room: channel
rotate: update, replace, reset, regenerate, refresh
rows: query, records
rule: ruleset, protection, policy
rules: ruleset
run: trigger, workflow run, execution
running: in progress, active
s3: bucket, object
sack: remove
safeguard: protect
sample: example, test
sandbox: environment, codespace
save: create, write, update, store, write file
save locally: download
say: comment, message, echo
say back: echo
say no: reject
say something: comment
sbom: bill of materials
scale down: replicas
scale up: replicas
scan: scanning, analysis
scan for: search
scanner: scanning, alert, code scanning alert
schema: fields, structure, explain
scrap: delete
scrape: fetch, crawl, extract, page
screenshot: capture, image
script: file
seal: lock
search the web: web search
seat: license, copilot seat
secret: credentials
secret scanner: secret scanning
secure: protect
security: vulnerability, alert
security hole: security advisory, dependabot alert
security update: dependabot
see: visible, view
seed: insert, data
seek: search
seen: visible
select: query, sql, set, click
send: upload
send back: reject
sent: delivery
service: kubernetes resource
session: cookie, login
set up: create, configure, add
setting: variable
settings: configuration
several: multiple
several files: multiple files
sha: commit, reference
share: create, publish, send, permission
shell: exec, command
shield: protect
shift: update
ship: release, deploy, publish, merge
shipped: deployment
shopper: customer
shortcut: link, autolink
show: read file
shred: delete
shrink: update, scale
shut: stop, close, lock
shut down: delete, lock
shut off: disable
sign: signing, signature
sign off: approval, review, required reviewer, approve
sign up: register, create user, subscribe, create
signature: attestation, verification
signed: signature, attestation
silence: unsubscribe
simulate: simulated, mock
site: pages
size: bytes, metadata
skim: list, read
slide: presentation
slow: latency, performance, long running
smaller: sub issue
smiley: reaction, emoji
snapshot: capture, screenshot, version, backup
snippet: gist
social media: social accounts, profile
solve: problem solving, thinking
somebody: user
someone: user
sort: order, list
sound: audio, media
source: repository, archive
source code: repository
source file: file
space: size, usage, storage
spam: comment
spawn: create
spend: budget, billing, usage
spending: budget, billing, usage
spending limit: budget
spin up: create, start
split: break down, sub
spot: search
spreadsheet: rows, cells
sprint: board, iteration, milestone, project
sql: query, database
squad: team
stack trace: error
staff: members, users, member
stage: environment
staging: environment, deployment
stale: old, inactive
stand up: create, start
standup: meeting
star: stargazers
starred: stargazers
stars: stargazers
start: create, trigger, enable
stash: save
stat: metadata, info
static analysis: code scanning, code quality, analysis, code scanning alert
static site: pages
stay up to date: subscribe
step: job, thinking
step by step: sequential, thinking
steps: job
stop: disable, lock, delete, cancel
stop notifying: unsubscribe
storage: cache, usage
store: create, add, save, write file
story: issue
story points: estimate, field
straight to main: branch protection
strip: remove
structure: tree, schema, directory tree
student: classroom, assignment
sub task: sub issue
subfolder: directory
subject: entity
submit: upload
submodule: git tree, repository
subproject: sub, child
subscribe: subscription
subscriber: customer, subscription
subscription: plan, copilot seat
subscription plan: marketplace
substitute: edit file
subtask: sub issue
subtract: calculate
succeed: success, completed, deployment status
summary: summarize, overview
suppress: disable
surf: navigate
suspend: disable
swap: edit file
swimlane: board, column
switch: change, set, select, context, update
switch off: disable
switch on: enable
sync: update, upstream
table: database, query
tag: reference, ref, add label, label
tag a release: create release
tags: label
tail: last lines
take: download, get, capture
take away: remove, revoke
take back: remove, undo, revoke, delete
take down: delete, stop
take from: remove
take off: remove
take out: remove, export
take over: assign
talk: conversation, comment, message
tamper: immutable
tap: click
tarball: tar archive, download archive
target date: milestone
task: issue, job
teammate: member, team
teammates: members, team
tear down: delete, stop
teardown: delete, stop
telemetry: metrics, usage
tell: get, send, notify, report, message, post
terminal: exec, command
test result: check run
text: contents
text file: file
thing: entity
think: thinking
throttle: rate limit
throttled: rate limit
throw: delete, remove
thumbs: reaction
ticket: issue
timer: schedule
timestamp: metadata
tiny: small
title: name, rename
today: date, day
todo: issue, task
toggle: enable, disable, update
token: secret
top: most, popular
topic: queue, subject
toss: delete
total: sum
touch: create file
touch up: update
trace: span
track down: search
traffic: views, clones, referrers
transition: status, update
trash: delete
tree: hierarchy, recursive, directory tree
trend: popular, statistics
triage: label, assign, issue
trust: permission, approve
try again: rerun
try out: test, ping
tune: update
turn into: update, render
turn off: disable
turn on: enable
twitter: social accounts
two numbers: sum, add
type: fill, input
typo: edit, update
unassign: remove
unblock: unlock
undo: delete, remove, revert
unhide: update
unlink: remove
unpin: remove
unprotect: delete protection, remove protection
unread: notifications, notification
unregister: delete
unset: delete, remove
unstar: remove
unused: inactive, delete
up to date: update, sync, upstream
upgrade: update, version
upstream: fork, sync
uptime: health, status
url: navigate
usage: search code
used: search, usage
username: user, login
valid: validate, error, check
value: field, variable
verdict: review
verify: check
version: release
versus: compare
veto: reject
video: media, recording
view: read file
views: traffic
visible: displayed, shown
visit: navigate
visitor: referrer, views, traffic
visitors: referrer, traffic, views
vs: compare
vulnerability: security alert, advisory, dependabot, security advisory
vulnerable code: code scanning alert
vulnerable dependency: dependabot, dependabot alert
vulnerable library: dependabot alert
vulnerable package: dependabot alert
wait: poll, status
wait for: pending
waiting: pending
waiting for: blocked by, pending, dependency
waiting for review: requested reviewer
wake up: start, resume
walk: directions
warning: alert
watch: subscription
watch progress: progress
watcher: subscribe, watch
wave through: approve
weakness: security advisory
weather: forecast, temperature
web site: pages
website: pages
website content: fetch, page
week: weekly
what: get
what are: list
what changed: compare
what do you know: knowledge graph
what files: list directory
what is: get
what is in: contents
what is there: list
when: date, time
when was: metadata
whenever: webhook, event, trigger
where: search, location, path
where is: get
whether: check
which: list
which files: list directory
who: user, member, people
who am i: authenticated user
who are: list
who can: permission, access
who can comment: interaction restrictions
who owns: owner, codeowners
who reviews: reviewer
who wrote: contributors
whose review: requested reviewer
why: log, error, reason, logs
wiki: page, document
wildcard: pattern
window: browser, resize
wipe out: delete
withdraw: delete, remove, cancel
wording: body, text, comment
work in: allowed directories
work item: issue
work through: thinking, problem
worker: runner, self hosted runner
workload: pod
works at: relation
works for: relation
works with: relation
workspace: codespace
write: create, save, edit, write file, type
write access: permission, push, collaborator
write back: comment
write down: create, add, note
write to: message
wrote: author, commit
yaml: manifest, apply
yesterday: date, day
zip: archive, gzip
`;
