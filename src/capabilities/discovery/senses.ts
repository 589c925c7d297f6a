// Long because it is data. Only usage that is common among people who build software belongs here, nothing to please one tool
// or one question.

/**
 * What a word or phrase may also mean, in this direction only: a query that says the left is looked up under the right as well.
 */
export const senses = `
abandon: close, delete
add: sum, plus
adoption: usage, metrics
again: rerun, redeliver, retry
agent: runner
aggregate: summary, statistics
ai: copilot, agent, model
alarm: alert
alert: dialog
alias: name
alive: status, health, ping
allow: enable, permission, add, approve
allowed: permission, access
allowed to: permission, access
analyze: analysis, thinking
annotation: comment, warning
announce: post, message, send
answer: reply
answered: reply
api calls: rate limit
api key: secret
app: application
append: add, write
apply: create, update
appointment: event
approve: review, approval
archive: lock
ask: request, query
ask database: query
asset: file
assignee: assign
assistant: copilot, agent
associate: relation, link
at once: multiple, bulk, simultaneously
attach: asset, attachment
attachment: asset, file
attempt: delivery, run, retry
audio: media
author: commit, user
avatar: user, profile
awaiting: pending
back: go back, previous
backlog: issue, open issues
backup: export, snapshot, archive
badge: status
base64: binary, media
been up to: activity, event, history
beginning: head, first
belong: relation, member
below: child, under
between: compare, diff, range
biggest: size, largest, top
binary: asset, file, base64, blob, media
bio: profile
blame: commit, author
blob: object, file
blocked by: dependency
blocking: dependency, blocked
blog: pages
board: project
boot: start
bot: app, agent
both: multiple
brainstorm: thinking
branch: reference, ref
break down: split, sub, thinking, analyze
bring up: start, create
bring up to date: update, sync
broke: failed, error
broken: failed, error
browse: navigate, web
bucket: storage, object
budget: limit
bug: issue, ticket, defect
bug report: issue
build: create, run, workflow run, compile, workflow, job
build agent: runner
build machine: runner
build server: runner
builds: workflow runs
bulk: multiple, batch
bump: update, upgrade
bump version: update, release
busiest: activity, hourly, statistics
button: click, element
cache: caches
calculate: compute, sum
calendar: event, schedule
call: meeting
called: search
calls: deliveries, requests
can do: permission, access
can use: permission, allowed, enabled, access
card: item, issue
cat: read file
cat file: read
categorize: label, tag
category: topic, label
cell: range, spreadsheet
change request: pull request
changed: diff, compare, commits, updated
changes: diff, commit, compare
charges: billing, usage
chart: helm
chat: message, conversation
check: status
checkout: payment, session, branch, download, clone
cherry pick: commit, apply
child: sub, nested
child ticket: sub issue
children: child
chime in: comment
choose: select
ci: workflow, actions, check, build
ci cd: workflow, pipeline
claim: assign
clear: delete, remove, reset
close: update, complete
cloud machine: codespace, instance
code: repository, file
coding agent: copilot agent
coding task: task, agent
colleague: member, user
column: status, field
command: exec, run
commits: history
compose: create
compute: calculate
conflict: merge
console: console messages, log
container: pod, docker
container registry: package
contractor: external, outside collaborator
contribute: contributor
contributor: author, commits
conversation: thread, comment, message
cookie: session, storage
coordinate: geocode, coordinates
correct: update
coupon: discount
course: classroom
coverage: code quality, test
cpu: metric, usage
crash: error, failed, log
crash loop: logs, pod
crawl: scrape, pages, site
credit: billing, usage
crew: team
cron: schedule
cross reference: link, autolink
customer: customers
cut a release: create release
dashboard: panel, chart, summary, statistics
database: query, sql, table
day: daily
deadline: due date, milestone
defect: issue, bug
defined: search, definition
definition: search, code
demo: sample, example, test
demote: role, update
department: team
depend: dependency, relation
dependency: dependabot, sbom
depends on: relation, dependency
deployment: kubernetes resource
deployments: deploy
deprecate: archive
dev environment: codespace, workspace
dev machine: codespace, workspace
direct message: message, send
discuss: discussion, comment, conversation
discussion: comment, conversation, thread
division: team, organization
dm: message, send message
doc: page, document
docker image: package, container
docs: documentation, pages, readme
documentation: readme, docs, pages
domain: dns, pages, website
done: completed, finished
downgrade: version, rollback
download page: fetch
downtime: incident, status
draft: create
drain: node
draw: create, render, tree
drive: directions
dropdown: select, option
due: milestone, due date, deadline
dummy: sample, example
dump: export, backup, get, read, list
duplicate: copy, mark
employee: member
empty: delete, clear
encode: base64, binary
encrypt: public key, secret
end: tail, last
enter: fill, type
epic: issue, parent, sub issue
estimate: points, field
every time: webhook, event, trigger
exception: error, issue
exist: check, list, get
expensive: cost, billing, usage
expire: revoke, delete
expiry: retention, expire
explain: describe, get
export: migration, archive, download
extension: plugin, app
external: outside
fact: observation
facts: observation, memory, observations
fail: failed, failure, error, log
failing: failed, failure, error
fake: simulated, mock
false positive: alert, dismiss
feature request: issue
feedback: review, comment
figure out: thinking, problem solving
file: create
filesystem: file, directory
fill in: form, fill
film: video, recording
filter: search, list, query
find and replace: edit, replace
finding: alert, result
findings: alert, result, analysis
finish: close, complete
finished: completed
first lines: head
fix: update, edit
flag: label, mark, report
flaky: failed
followers: follower
forbid: disable, protection, restrict, block
forget: memory, delete, remove
freeze: lock
from to: directions
git diff: compare
git log: commit, list commits
give: add, assign, grant, set
give access: permission, add collaborator
glob: pattern
go ahead: approve
go live: deploy, publish, release
google: web search
grab: get, download, fetch
grant: add, permission, set
grant access: permission, add collaborator
graph: chart
green: passing, status, success, check
green check: status
green light: approve
group by: aggregate, summary
guest: outside collaborator, external
hand: transfer, give
hand over: transfer, assign
handle: username, login
happen: event, history, timeline, activity, log
hardcoded: secret
has: check
hash: commit, sha
head: first lines
health: status, check
healthy: health, status
hide: visibility, update
hierarchy: tree
history: commits, log
hold: suspend, pause, lock
homework: assignment, classroom
hook up: add, create, register, connect
hosting: pages, deployment
hotfix: branch, release
how long: duration, time
how many: count
how much: usage, count, total
how often: count, statistics
hypothesis: thinking
image: package, container
in progress: status, transition
inactive: last activity, stale
inbox: email, message, notifications
incident: issue, alert
index: search
inform: notification, send
ingress: kubernetes resource
initialize: create, init
inline: review comment, line
insert: add, edit
inside: child, in
inspect: get
install: installation, app
installer: asset, file
integration: app, connection
internet: web search
invite: attendee
invoice: billing, usage
ip: ip addresses, network
ip range: ip addresses, meta
is there: check, list, search
job: workflow job, run
join: merge, add, member
kanban: project
keep: save, store
keep for: retention
keyword: topic
keywords: topics
kick: remove
kick out: remove
know: memory, knowledge, search
known: memory, knowledge
knows: relation, knowledge
kpi: metrics, statistics
lambda: function
land: merge
large file: lfs
last lines: tail
latency: metric, performance
latitude: coordinates
launch: start, create, release
leak: secret
leaked: secret
learned: observation, memory
leave: remove, membership
let in: invite, add member
line: inline, lines, text
lines: line, text
linkedin: social accounts
linter: code quality, check
llm: model
load: read, get, fetch, open
log: run, job
log out: cookie, session, logout
logged in: authenticated
login: authenticate, session
logo: image
logs: job, run, workflow
long: long running
look at: review, view
lookup: search
ls: list directory
mail: email
main: branch
maintainer: owner, collaborator, member
make public: visibility, publicize
mandatory: required, protection, rule
manifest: apply
many: multiple, bulk
mark: update, set, add
master: branch
match: search, pattern
may do: permission, access
may use: permission, allowed, enabled, access
memorise: memory, create entity
memorised: memory, graph
memorize: memory, create entity
mentioned: search, notification
merge conflict: merge, update branch
message: send message, comment
metric: query, prometheus
migrate: import, export
mime: media
minutes: usage, billing, duration, timing
mkdir: create directory
mock: simulated, fake
modal: dialog
modified: last modified, modification, updated
module: package, library
money: billing, cost
monorepo: repository
month: monthly
mouse: hover, click
move: migration, update
move to: transition, status, update
moving away: migration, export
multiple: several, bulk, batch
multiply: calculate
must: required, rule
mute: subscription, thread, ignore
namespace: kubernetes resource, context
near: local, places
near me: local, places
nearby: local, places
nested: tree, recursive
network: ip
newest: latest
news: web search
nickname: name, alias
nightly: schedule, workflow
no longer: remove, delete, disable
no one: restriction, protection
nobody: restriction, protection
node: kubernetes resource
note down: create, add, memory
notes: page, document
notify: webhook, notification, message
npm: package
offboard: remove member
offline: status
on call: schedule, incident
onboard: invite, add member
one go: multiple, bulk, simultaneously
one step at a time: sequential, thinking
ongoing: in progress, running
online: status, list, web search
open: create, read, get, navigate
open page: navigate
open up: create, enable
outage: incident, status
outdated: stale, version, update
output: artifact, result
overview: summary, list
owner: admin
ownership: transfer, owner
package: version
page someone: alert, incident, notify
paid: billing, subscription
paragraph: block, append
pass: assign, transfer
passing: status, success, check
password: secret
patch: pull request, diff
patch a file: edit file
path: file, directory
pattern: search, match
pause: stop, suspend, disable
pay: payment
peek: get, view
pending: waiting
per day: daily
per week: weekly
permalink: link, url
photo: image
pick: select
pick up: get, assign
picture: image, screenshot
ping: test
pipeline: workflow run
plan: thinking, planning
plugin: app, extension, integration
plus: sum, add
pod: kubernetes resource
pods: pod
policy: rules, permissions, settings
poll: get, status
ponder: thinking
popular: top, traffic
popup: dialog, modal
port: port forward
prepend: add, write
press: click
prevent: protection, restrict, block
previous version: rollback, revision
price: cost, billing
print: get, read, show
prioritize: priority, reorder
priority: field, label
privileges: permission, role
prod: production, environment
production: environment, deployment
profile: user
program: application
project: repository
promote: role, update, deploy
properties: metadata, info
protect: protection, rule
provenance: attestation
provision: create, start
publish: create, release
published: package, release
pull: get, download, import, fetch
pull back: delete, revert, revoke
pull in: import
purchase: order, payment
push: upload, commit
push access: permission, collaborator
push back: update
put: add, set, create, update
put up: create
queue: message
quit: leave, remove, stop
quota: rate limit
raise: create
ram: memory usage
read access: permission, pull
reason through: thinking
rebase: update branch, merge
reboot: restart
recall: memory, search
recent: latest, list
record: recording, capture
recursively: recursive, tree
red: failing, failed, error
referrer: referral, sources
refresh: update, sync, reload
refund: payment
regenerate: reset, refresh, create
regex: pattern, search
register: create, add
registry: package
related: relation
relationship: relation
reload: refresh, restart
remaining: limit
remark: comment
remember: memory, add observation, create entity, store
reminder: schedule, task
rename: update, move
renew: refresh, reset
reopen: update, open
reorder: reprioritize, move, order
repeat: echo
replica: scale
reply: comment
report: summary, create
request changes: review
requests left: rate limit
require: required, protection, rule
reset: restart, reload
resolve: close, update
respond: comment, reply
responsible: owner, assignee, codeowners
restart: rollout
restore: import
restrict: restriction, limit, protection, permission
retention: keep, days
retry: rerun
reviewer: review, requested reviewers
revisions: history, commits, versions
revoke: delete, remove, invalidate
reword: update
rewrite: update, replace
rights: permission, role
roadmap: project, milestone
roll out: rollout, deploy
rollout: deployment
rotate: update, replace, reset, regenerate, refresh
rows: query, records
rule: ruleset, protection, policy
running: in progress, active
s3: bucket, object
sample: example, test
sandbox: environment, codespace
save: create, write, update, store
say: comment, message, echo
say back: echo
scale down: replicas
scale up: replicas
scan: scanning, analysis
scanner: scanning, alert
schema: fields, structure, explain
scrape: fetch, crawl, extract, page
screenshot: capture, image
search the web: web search
seat: license
secret: credentials
security: vulnerability, alert
see: visible, view
seed: insert, data
seen: visible
select: query, sql
service: kubernetes resource
session: cookie, login
set up: create, configure, add
settings: configuration
several: multiple
sha: commit
share: create, publish, send, permission
shell: exec, command
ship: release, deploy, publish
shopper: customer
shortcut: link, autolink
shut: stop, close
sign: signing, signature
sign off: approval, review, required reviewer
sign up: register, create user, subscribe
signature: attestation, verification
signed: signature, attestation
simulate: simulated, mock
site: pages
size: bytes
skim: list, read
slide: presentation
slow: latency, performance, long running
snapshot: capture, screenshot, version, backup
snippet: gist
social media: social accounts, profile
solve: problem solving, thinking
sort: order, list
sound: audio, media
source: repository, archive
space: size, usage, storage
spend: budget, billing, usage
spending: budget, billing, usage
spin up: create, start
split: break down, sub
spreadsheet: rows, cells
sprint: board, iteration, milestone, project
sql: query, database
squad: team
stack trace: error
staff: members, users
staging: environment, deployment
stale: old, inactive
stand up: create, start
standup: meeting
star: stargazers
starred: stargazers
start: create
stash: save
stat: metadata, info
static analysis: code scanning, code quality, analysis
step by step: sequential, thinking
stop: disable, lock, delete
storage: cache, usage
store: create, add, save
story: issue
story points: estimate, field
strip: remove
structure: tree, schema
student: classroom, assignment
subfolder: directory
submodule: git tree, repository
subproject: sub, child
subscribe: subscription
subscriber: customer, subscription
subscription: plan
subtask: sub issue
subtract: calculate
succeed: success, completed
summary: summarize, overview
swimlane: board, column
switch: change, set, select, context
sync: update, upstream
table: database, query
tag: reference, ref, add label, label
tag a release: create release
tail: last lines
take: download, get, capture
take away: remove, revoke
take back: remove, undo, revoke, delete
take down: delete, stop
take off: remove
take out: remove
talk: conversation, comment, message
tarball: tar archive, download archive
task: issue
teammate: member, team
teammates: members, team
tear down: delete, stop
teardown: delete, stop
telemetry: metrics, usage
tell: get, send, notify, report, message, post
terminal: exec, command
ticket: issue
timer: schedule
tiny: small
title: name
today: date, day
todo: issue, task
toggle: enable, disable
token: secret
top: most, popular
topic: queue, subject
touch: create file
trace: span
traffic: views, clones, referrers
transition: status, update
tree: hierarchy, recursive
trend: popular, statistics
triage: label, assign, issue
trust: permission, approve
try out: test, ping
twitter: social accounts
two numbers: sum, add
type: fill, input
typo: edit, update
undo: delete, remove, revert
unprotect: delete protection, remove protection
unread: notifications
unset: delete, remove
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
video: media, recording
visible: displayed, shown
visitor: referrer, views, traffic
visitors: referrer, traffic, views
vulnerability: security alert, advisory, dependabot
wait: poll, status
wait for: pending
waiting: pending
waiting for: blocked by, pending, dependency
wake up: start, resume
walk: directions
warning: alert
watch: subscription
watch progress: progress
watcher: subscribe, watch
weather: forecast, temperature
website: pages
website content: fetch, page
week: weekly
what: get
when: date, time
whenever: webhook, event, trigger
where: search, location, path
which: list
who: user, member, people
who can: permission, access
who owns: owner, codeowners
why: log, error, reason, logs
wiki: page
wildcard: pattern
window: browser, resize
wording: body, text, comment
work through: thinking, problem
worker: runner
works with: relation
workspace: codespace
write: create, save, edit
write access: permission, push
write down: create, add, note
wrote: author, commit
yaml: manifest, apply
yesterday: date, day
zip: archive
`;
