// What is remembered, thought out, counted and asked of data. One line a thing: how tools call it, then what people say for it.

export const knowledge = `
aggregate < group by
alert < alarm, false positive, finding, findings, incident, on call, page, page someone, pager, paging, scanner, security,
  warning
analysis < analyze, findings, scan, static analysis
analyze < break down
browser < window
calculate < compute, multiply, subtract
cells < spreadsheet
chart < dashboard, diagram, graph, plot, trend, visualisation, visualise, visualization, visualize
cluster < k8s, kubernetes, nodes
column < swimlane
compute < calculate
container < docker, docker image, image, pod
create: entity < get to know, keep in mind, learn, memorise, memorize, new person, remember
customer < account, buyer, client, shopper, subscriber
dashboard < charts, monitoring, overview, panel
data < seed
database < db, rows, schema, sql, table
delete: entity < forget, forget about, forget everything
delete: observation < incorrect, no longer true, not any more, not true, outdated, untrue, wrong
directions < drive, from to, how do i get to, navigate, route, walk, way to
discount < coupon
entity < concept, facts, forget, know, memory, node, object, people, person, remember, somebody, someone new, subject, thing
event log < kubernetes events, what happened in the cluster
example < demo, dummy, sample
exec < command, inside the container, shell, terminal
explain < schema
fake < mock
forecast < rain, snow, sunny, temperature, weather
graph < memorised
incident < downtime, emergency, on call, outage, page someone, postmortem
invoice < bill, billing, payment due
knowledge < know, known, knows
knowledge graph < all you know, brain, everything you know, everything you remember, know, knowledge, memorise, memory,
  remember, what do you know, whole memory
memory < do not forget, facts, forget, keep in mind, know, knowledge, known, learned, memorise, memorised, memorize, note down,
  note to self, recall, remember
memory usage < ram
metadata < how big, how old, modified, owner, permissions, properties, size, stat, timestamp, when was
metrics < adoption, cpu, kpi, latency, load, memory usage, monitoring, performance, prometheus, telemetry, throughput, uptime
mock < fake, simulate
namespace < tenant
observation < birthday, detail, fact, facts, favorite, hates, is now, learned, likes, loves, memory, moved, note, note that,
  prefers, remember, remember that, trait, works as
payment < charge, checkout, order, pay, purchase, refund
place < local, location, near, near me, nearby, restaurant
planning < plan, subscription
plus < add
pod < container, crash loop, instance, pods, replica, workload
problem < work through
problem solving < figure out, solve
query < ask, ask database, ask the database, count, database, filter, metric, question, records, report, rows, select, sql,
  table
range < between, cell
refund < give back, money back, reimburse
relation < associate, belong, belongs to, child of, connection, depend, depends, depends on, friend, is part of, knows, linked,
  lives in, manager of, married, moved to, owns, related, relationship, reports to, works at, works for, works with
result < finding, findings, output
rollout < new version, redeploy, restart, roll out
rows < spreadsheet
sample < demo, dummy
scale < fewer instances, grow, more instances, more pods, replica, replicas, shrink
schema < columns, data model, describe table, fields, structure
search: nodes < know about, recall, remember about, tell me about, what about, what do you know, who is
sequential < one step at a time, step by step
sequential thinking < brainstorm, break down, carefully, consider, deliberate, figure out, hard problem, plan, ponder, reason,
  reason through, reflect, solve, step by step, think, work through
service < endpoint, ingress, load balancer
simulated < fake, mock, simulate
simultaneously < at once, one go
spreadsheet < cell
sql < database, select
structure < schema
subscription plan < membership, plan, recurring, tier
summarize < summary
summary < aggregate, dashboard, digest, group by, in short, overview, recap, report, summarise, summarize, tl dr
table < columns, database, records, relation, rows, sheet
thinking < analyze, brainstorm, break down, carefully, consider, figure out, hypothesis, one step at a time, plan, ponder,
  reason, reason through, reflect, solve, step, step by step, think, work through
total < how much
trace < request path, slow request, span
translate < in english, in german, language
`;
