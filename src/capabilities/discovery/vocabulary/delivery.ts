// Builds, releases, machines, settings, and what they cost. One line a thing: how tools call it, then what people say for it.

export const delivery = `
action < ci, github actions, pipeline, workflow
annotation < findings in the code, line warnings, lint result, warning
api insights < api calls, api traffic, api usage, calls the api, requests per, who calls the api
app < add on, addon, application, bot, extension, install, integration, oauth app, plugin, program, third party
apply < cherry pick, manifest, yaml
approval < approve, sign off
artifact < binaries, binary, build output, build result, built, compiled, coverage, left behind, output, produced, report
attempt < first run, previous try, retry, second run, try
billing < bill, budget, charge, charged, charges, cost, costs, credit, expenses, expensive, invoice, minutes, money, paid, pay,
  price, spend, spending, spent
budget < cap, cost cap, limit spending, maximum spend, spend, spending, spending limit
build < ci
cache < cached, dependencies cache, space used by cache, speed up builds, storage
check run < build result, check, checks, ci result, failing, green tick, lint, passing, red cross, test result
check suite < group of checks, set of checks
codespace < browser editor, cloud ide, cloud machine, dev box, dev container, dev environment, dev machine, devcontainer,
  development environment, development machine, online editor, remote dev environment, remote machine, sandbox, workspace
combined status < is it green, overall, overall result
commit status < broken, build result, check mark, ci result, failing, green, passing, red, result, state of
concurrency < at the same time, in parallel, one at a time, parallel, queue, simultaneously
configuration < settings
cost < expensive, money, price
cost center < accounting, charge to, department budget
delivery < attempt, call, calls, event, missed, payload, sent
deployment < deployed, hosting, in production, launch, live, production, release to, rolled out, rollout, shipped, staging,
  went live, which version is live
deployment protection rule < before deploying, gate, guard, guards, wait timer, who must approve
deployment record < running where, runs in, where deployed, which cluster
deployment status < failed, finished, in progress, result of the deployment, rollout, succeed, succeeded, success, went well
devcontainer < container definition, dev container, dev setup
dialog < alert, modal, popup
docker < container
emoji < emoticon, emoticons, icons, smiley, smileys
environment < live system, preview, prod, production, qa, sandbox, stage, staging, target, test system
error < broke, broken, crash, exception, fail, failing, red, stack trace, valid, why
execution < run
extension < plugin
failed < broke, broken, crash, fail, failing, flaky, red
failure < fail, failing
feed < atom, news feed, rss, timeline
finished < done
health < alive, healthy, uptime
helm < chart
hosted runner < build machine, cloud machine, github machine, larger machine, larger runner, managed machine
immutable < cannot be changed, cannot change, final, frozen, never change, read only, tamper, unchangeable
in progress < ongoing, running
installation < app access, install, installed app, installed where, integration installed, third party, where is the app
integration < plugin
ip address < allow list, allowlist, firewall, ip, ip range, network, which addresses, whitelist
jitconfig < ephemeral, just in time, one time, single use
job < build, log, logs, step, steps, task
kubernetes resource < deployment, ingress, namespace, node, pod, service
latency < slow
latest release < current version, most recent version, newest version, up to date version
log < broke, console, crash, crash loop, crashed, error message, fail, failed, failure, happen, history, output, printed,
  reason, red, stack trace, trace, what went wrong, why, why did it fail
machine type < bigger, bigger machine, cores, cpu, faster machine, hardware, larger machine, memory, more memory, more power,
  ram
manifest < app template, yaml
marketplace < bought, paid, pay for, paying, plans, purchase, subscription, subscription plan
meta < about the service, ip range, ip ranges, service information
node < drain
octocat < ascii art, mascot
oidc < federated, federation, identity provider, identity token, keyless, openid, trust policy, workload identity
package < artifact, container, container image, container registry, dependency, docker image, gem, image, library, maven,
  module, npm, nuget, published, registry
package version < image tag, published versions, versions of, which versions
pages < article, blog, crawl, doc, docs, docs site, document, documentation, domain, homepage, hosted page, hosting,
  landing page, note, notes, project page, scrape, site, static site, web site, website, website content, wiki
pages build < publish the site, site build, website build
pages health check < certificate, custom domain, dns, domain
passing < green
pending deployment < awaiting, needs approval, waiting for approval, waits for approval
performance < latency, slow
personal access token < access tokens, fine grained token, pat, tokens of our members
pipeline < ci cd
platform < linux, macos, operating system, operating systems, os, windows
plugin < extension
port forward < port
prebuild < faster start
premium request < ai requests, copilot requests, model requests
progress < watch progress
public key < encrypt, encrypting, encryption, seal
rate limit < 429, api calls, api limit, api quota, calls left, calls remaining, how many requests, quota, requests left,
  throttle, throttled, too many requests
registration token < connect a machine, join, new machine, register a machine, set up a runner
registry < artifactory, docker hub, feed, nexus, package source, package store, where packages come from
release < bump version, changelog, download page, downloads, go live, hotfix, launch, new version, product, publish, published,
  ship, shipped, version, what is new
release asset < attached file, attachment, binary, download, downloads, executable, installer, package file, setup file
release notes < change log, changelog, summary of changes, what changed, what is new, write up
replicas < scale down, scale up
report < flag, tell
retention < days, delete after, expire, expiry, how long, keep, keep for, kept, kept for, store for
runner < agent, build agent, build box, build host, build machine, build server, ci machine, ci server, executor, node, worker
runner group < fleet, pool, pool of machines, pool of runners
schedule < calendar, cron, nightly, on call, reminder, timer
secret < api key, confidential, credential, credentials, encrypt, encrypted, hardcoded, hidden value, key, leak, leaked,
  passphrase, password, private key, sensitive, token
self hosted runner < build agent, build box, build machine, build server, executor, on prem, on premise, on premises,
  own server, worker
span < trace
statistics < aggregate, analytics, average, busiest, chart, count, counts, dashboard, figures, how many, how much, how often,
  kpi, metrics, most, numbers, over time, per day, per hour, per month, per week, stats, trend
status < alive, badge, check, column, down, downtime, finished yet, green, green check, health, healthy, how is it going,
  in progress, move to, offline, online, outage, outcome, passing, poll, progress, result, state, transition, up, uptime, wait,
  working
storage < bucket, cookie, space
storage record < kept in, location, stored in, stored where, where stored
subject claim < identity token, sub, token contents, token subject
success < green, passing, succeed
suspend: installation < cut off integration, disable integration, pause integration
time < hourly, how long, minutes, over time, per day, per hour, timeline, when
token < access key, credential, key, login token
usage < adoption, burn, burned, charges, consumed, consumption, cost, cpu, credit, expensive, how much, invoice, minutes, quota,
  run time, space, spend, spending, spent, storage, storage used, telemetry, used, used up
variable < config value, constant, env var, environment value, parameter, setting, value
version < downgrade, outdated, package, revisions, snapshot, upgrade
webhook < call our server, callback, endpoint, event url, every time, hook, http callback, integration url, listener, notified,
  notify, notify our server, post to url, push notification, tell our server, whenever
webhook delivery < arrive, arrived, did we get, failed call, missed, past calls, payload, received, sent, what was sent
workflow < action file, automated job, automation, build, ci, ci cd, continuous integration, cron job, job, logs, nightly,
  pipeline, yaml pipeline
workflow dispatch < by hand, kick off the build, manually, run it now, run now, run the pipeline, start a build,
  start the pipeline
workflow job < job, job of the run, step, steps
workflow run < build, builds, ci, ci run, execution, failed build, green, job, last build, nightly, pipeline, red, run,
  run of the tests, test run, tests, what is running
workspace < dev environment, dev machine
zen < design principle, inspiration, inspire, motto, philosophy, proverb, quote, saying, wisdom
`;
