/**
 * What is promised, one true sentence each. A test proves ids by carrying them in its name, in brackets: `... [SP-14]`.
 * `scripts/requirements.ts` fails when an id has no passing proof, and when a test under test/ names none.
 */
export const requirements = {
  'SP-1':
    'On a fresh clone `npm start` installs what is missing, serves on 127.0.0.1:7300, prints endpoint, admin key and connect lines, and federates the four first-run servers.',
  'SP-2':
    '`npm test` passes on a fresh clone without outside services, `npm run test:services` runs the same suite on Postgres 17 and Redis, and every skipped test is reported by name with its reason.',
  'SP-3':
    'Settings come from environment, flags and fairlead.yaml, all faults are reported at once without a value, and the file is reloaded without dropping a call.',
  'SP-4':
    'One URL serves 2026-07-28 without sessions and 2025-11-25 with real ones, older clients negotiate, stdio-only clients are bridged, and declared endpoints have their own naming and anonymous role.',
  'SP-5':
    'Tools, resources, templates, prompts, completions, progress, cancellation, paging, list changes, cache hints and logs all federate, under wire names and URIs that follow the naming rules.',
  'SP-6':
    'What an upstream asks reaches exactly the caller whose call made it ask, for each pairing of eras and each isolation, and its answer, progress and cancellation go back.',
  'SP-7':
    'Every required scenario of the official conformance suites passes against Fairlead with the fixtures inside and behind a federated upstream, and the upstream connector passes the client scenarios.',
  'SP-8':
    'Host, Origin, TLS, body and nesting limits hold, and malformed input of any kind is answered with a 4xx error, never a 5xx and never a crash.',
  'SP-9':
    'Upstreams over stdio, Streamable HTTP of either era and SSE are declared or managed at run time, leave no orphan process, keep their secrets, and no URL set at run time passes the SSRF guard unchecked.',
  'SP-10':
    'Listings come from the catalog and never wait for an upstream; a bad one shows its reason, its last known tools are marked stale, and it never makes the server unready.',
  'SP-11':
    'Time-outs, retries of safe tools only, breaker and bulkhead hold per upstream, a caller that goes away cancels its call, and annotations are claims that settings can overrule.',
  'SP-12': 'The stages of a call stand in one visible list, and a call by MCP, REST or CLI goes through the same ones.',
  'SP-13':
    'Arguments are validated against the JSON Schema 2020-12 of the tool before anything else sees them, at bounded cost, and structured content against its output schema.',
  'SP-14':
    'API keys are shown once, kept as keyed hashes and revoked within a second; JWTs are checked against configured issuers; and no organisation sees anything of another.',
  'SP-15':
    'Cedar policies checked against a schema decide `call` and `callUnattended`, any error denies, the shipped roles do what they say, and what may not be called is not seen.',
  'SP-16':
    'Every call and administrative act leaves one hash-chained audit record that is durable before the response leaves, and a kill -9 under load loses no acknowledged one.',
  'SP-17':
    'Every refusal carries category, retryability, message, suggested action and call id, in the shape that its surface promises, and never a stack trace, path or secret.',
  'SP-18':
    'Logs, Prometheus metrics, traces and health pages carry the promised fields, no secret and no tenant name, and a real Prometheus scrapes them.',
  'SP-19':
    'Embedded PGlite and Postgres serve the same pool interface with locked forward-only migrations, survive kill -9 and a second process, are backed up and restored, and SIGTERM drains.',
  'SP-20': 'REST with OpenAPI 3.1 and the CLI reach everything that can be done, with help, `--json` and exit codes.',
  'SP-21': 'The documents at the top of the repository stand, and everything that the README shows is run by a test.',
  'CA-1':
    'Named endpoints select tools by toolset, tool, tag and annotation, show them their own way, are declared or added at run time, and are there only for whom policy lets have something of them.',
  'CA-2':
    'Agents, REST and listings are told of each tool when to use it, what it costs and how long it takes, and a check judges descriptions as a model reads them; our own pass it.',
  'CA-3':
    'Each operation of an OpenAPI 3.0 or 3.1 document that is selected becomes a tool, called as the document says with the secrets it asks for, its errors and pages put into words; one that cannot costs only itself and says why.',
  'CA-4':
    'A registry in the official format, document or API, is searched, its servers shown with what they ask for, and added as upstreams with their secrets off every command line; a new server begins from a skeleton that runs, with its evaluation sheet.',
  'CA-5':
    'An endpoint that is searched lists three tools and what is pinned; the others are found by what is wanted, described, and called under their own name, and what policy hides is never found.',
  'CA-7':
    'Several calls run as one plan that passes values on inside; each goes the way of every call, is recorded below the plan, and a plan is bounded in calls, time and bytes.',
  'CA-8':
    'No definition of an upstream changes unseen: it is served as it was accepted, quarantined when it promises less or is under review, and accepted, rejected or pinned by whoever has seen what differs.',
  'CA-9':
    "Names that imitate another toolset's are flagged, and long descriptions are cut in listings and told whole on demand.",
  'CA-10':
    'Plain calls and listings of either era take a short way past the router and the SDK, on which every check, every stage and the durable audit hold as on the long one: what an answer says does not depend on the way it went, and in a session the SDK takes over every call that comes to need it.',
  'CA-11':
    'After abandoned sessions, restarts of upstreams and calls by the thousand the server holds the handles, timers, processes and, once garbage is collected, the memory that it held before; idle sessions are reaped, and each principal may have so many.',
  'CA-12':
    'A paused or slow audit database delays a call by one bounded wait at most, and where the queue is full calls are refused or, by choice, run with their missing records counted and told in the chain.',
  'KN-1':
    'Documents come from folders, git, web sites, installed packages, Confluence, Jira and uploads; ten kinds are read in processes of their own, and one that cannot be costs only itself and says why.',
  'KN-2':
    'Passages are cut by the structure of their document; what has not changed is not read again, what is gone is not found, and a document is replaced whole or not at all.',
  'KN-3':
    'Passes over sources run side by side, leave a durable account, go on where they were cut off and hold up no other; what is acknowledged can be found, is told as an event and by how fresh it is, and lag is a metric.',
  'KN-4':
    'By every way to a passage a caller gets what its subjects may read, by collection and by document, and nothing else.',
  'KN-5':
    'Keyword search is exact BM25 with fields over lexemes of five languages, ranks as the file says, knows identifiers, phrases and near misses, and takes query text as data only.',
  'KN-6':
    'With an embedding model, of an endpoint or of a folder, passages are found by what they mean within what may be read; vectors are made behind the ingestion, those of two models never meet, another model takes over at once and whole, and without its help words go on alone.',
  'KN-7':
    'Words and meaning become one ranking, which a reranker may put into order; a question that consists of several is answered part by part, filters hold, and a ranking is remembered for whoever may read the same until something changes.',
  'KN-8':
    'Agents ask, read on and look around in documents by tools and resources, with where each passage stands and how old it is, and are told when nothing fits; they add texts and pages; and where there is a chat model they get answers of which each sentence was found in the passages that it cites.',
  'KN-9': 'The words of documents are fenced as data, and instructions found in them are flagged.',
  'KN-11':
    'The seven failure points of retrieval are a test matrix with figures over documents that ship, and a team asks questions of its own, of which figures, misses and the change since last time are told.',
  'KN-12':
    'Scores are a metric from 0 to 1, what was asked in vain is listed for the owner, agents say what helped, and stale, doubled and unhelpful documents are reported, each to those alone who may read them.',
  'KN-13':
    'A hundred readers are answered without an error or half a document while four write, whatever is killed in between loses nothing and doubles nothing, a check says whether the parts of a collection agree, and a collection may be encrypted where it is kept, ranked as any other, its words in no table, file, log or audit record.',
  'CO-1':
    'A call that policy allows only with consent is parked durably and answered at once, with an id by which the caller, and no other, asks how it stands and gets its result; it is made by itself once there is consent, of somebody else or of the person behind the caller, who is asked on the spot where the client can; and who wants to wait gets the result when it comes.',
  'CO-2':
    'An approval is bound to who asks, the tool and its definition, the arguments, the policies and a time; it is used once, decided once however many decide at once, by those who are named and by two of them where that is asked for, never by who asked, and void when any of these has changed; changed arguments go the way of a call of who asked first, and are told to everybody beside what was asked for.',
  'CO-3':
    'An approved call is started at most once, by whichever server is first; where one dies in the middle it ends as failed with an unknown outcome, and is made again only where the tool bears it.',
  'CO-4':
    'Who may decide is told by signed webhook, chat and mail, each with further tries and dead letters, who asks for what and why, without secrets and with nothing that an agent could forge; they decide on a page, by REST or the command line, shown what the call would change where a tool can say so; and what it is going to change is saved before, where that is declared, with its id in approval, audit and answer.',
  'CO-5':
    'Rules limit how often and how many at once calls are made, by whom and by what they say, counted where all replicas count, from all rules or none; refusals name the rule, what is left and when to come again; and losing the store lifts no limit: each replica goes by its share until it is back.',
  'CO-6':
    'Budgets in calls, units, model tokens and money, reserved before and settled after, with warnings, calendars, and reports that say what the audit says.',
  'CO-7':
    'Results of read-only tools are told again for as long as the file says, to the same caller unless they are shared, by what the tool is now and what it was given; one run answers all who ask at once; calls that make them untrue, and whoever says so, end that on every server; an answer says that it was kept, and figures what it saved.',
  'AC-1':
    'An MCP client that has only the URL signs its person in, by pages that need no script; what its token opens is what the person is now, in the organisation that was chosen; machines and terminals get in, too; crossing refreshes sign nobody out, a replayed one ends its family, and passwords are limited whatever headers a client sends.',
  'AC-2':
    'The upstream connector passes every required authorization scenario of the official conformance suites for both revisions, and those of the extensions that it speaks: discovery, client-ID documents, registration, PKCE, the issuer of an answer, step-up, client credentials, cross-app access, workload identity; what it does not speak is named.',
  'AC-4':
    'An upstream is called with the credential of whoever is behind the call, and with no other: a caller without one gets a link, by the means of its protocol or in words, and works after signing in, for tools, prompts, resources and completions; tokens are kept encrypted and bound to whom they are of, renewed once across replicas, never by a refresh token that may be used up, and the secret that encrypts them changes without downtime.',
  'AC-6':
    'Keys, machines and sessions are listed with their last use and scopes, rotated with an overlap and ended, a person with one act; a sealed admin credential opens administration when nothing else does, and loudly; and every sign-in, refusal, grant and change stands in the audit.',
  'AC-5':
    'References to variables, files and a vault resolve through one port, with leases prolonged and new values taken by what uses them alone, no call lost; a vault that is away ends nothing before its time and stops only what cannot do without; each organisation refers to what the operator lets it; and no value is found in anything that is written, however things go wrong.',
  'AC-3':
    'People sign in by the OpenID provider of their organisation, as members with the role and teams of their groups, at once and for as long as it vouches for them; it opens no other organisation, and where it is required no password does; a forged, foreign or borrowed answer lets nobody in; an external authorisation server alone suffices.',
  'CO-8':
    'Policies are rehearsed: cases test them with and without a server, past decisions are decided anew by others with the same fail-closed engine and what changes is told apart from what a record does not suffice for, what is saved is what was rehearsed, each set is a version that can be put back, and a decision names its rules, what they looked at and what would have to differ, to those who may know.',
  'CO-9':
    'What happens is kept with what it belongs to, told to every server, and delivered to whoever has a destination for it, signed and at least once with one id, however servers and receivers fail; what cannot be delivered is kept to be replayed; and what outside senders sign is taken once, and only while it is fresh.',
  'RE-6':
    'Every line of the threat model names its control, the file of it and a test that ran; every page has the headers that keep others out of it, every route with a cookie refuses what another site sends, and what is shipped is listed, licensed for it and asked about.',
  'RE-7':
    'Whoever attacks a running server with forged, swapped, malformed, misplaced, concurrent or poisoned input, with ids and addresses of others, gets a refusal, and nothing has happened.',
} as const satisfies Record<
  `SP-${number}` | `CA-${number}` | `KN-${number}` | `AC-${number}` | `CO-${number}` | `RE-${number}`,
  string
>;
