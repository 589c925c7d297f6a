import ours from '../../package.json' with { type: 'json' };
import { may, scopeNames } from '../capabilities/access/index.ts';
import { purgeApprovals } from '../capabilities/approvals/index.ts';
import { createActs, createAudit, createRedactor } from '../capabilities/audit/index.ts';
import { purgeBudgets } from '../capabilities/budgets/index.ts';
import { createCaching } from '../capabilities/caching/index.ts';
import { createCatalog, createLatencies, guidanceFor, purgeCatalog } from '../capabilities/catalog/index.ts';
import { createMachineCredentials, purgeConnections } from '../capabilities/credentials/index.ts';
import { createDiscovery, createEmbeddings, purgeVectors } from '../capabilities/discovery/index.ts';
import { createEndpointBook, purgeEndpoints } from '../capabilities/endpoints/index.ts';
import { purgeEvents } from '../capabilities/events/index.ts';
import { createIdempotency, purgeIdempotency } from '../capabilities/idempotency/index.ts';
import { purgeKnowledge } from '../capabilities/knowledge/index.ts';
import { createLimits, purgeLimits } from '../capabilities/limits/index.ts';
import { createPlans } from '../capabilities/plans/index.ts';
import { createPolicy, purgePolicies } from '../capabilities/policy/index.ts';
import { createUpstreams, purgeUpstreams } from '../capabilities/upstreams/index.ts';
import type { Settings } from '../config/schema.ts';
import { createEndpoints, createGateway, createSchemaChecks } from '../gateway/index.ts';
import type { Call, OwnToolset, Surface } from '../kernel/call.ts';
import { type Clock, systemClock } from '../kernel/clock.ts';
import { newId } from '../kernel/ids.ts';
import type { JsonObject } from '../kernel/json.ts';
import type { Tool } from '../kernel/tool.ts';
import type { Bus } from '../platform/bus/index.ts';
import type { Database } from '../platform/db/index.ts';
import { createEgress } from '../platform/http/index.ts';
import { createKeyring } from '../platform/keyring/index.ts';
import { createProcesses } from '../platform/process/index.ts';
import type { Secrets } from '../platform/secrets/index.ts';
import type { Log, Metrics, Tracing } from '../platform/telemetry/index.ts';
import { createApprovalsSurface } from '../surfaces/approvals/index.ts';
import { createConnectionsSurface } from '../surfaces/connections/index.ts';
import { createHooksSurface } from '../surfaces/hooks/index.ts';
import { type Admission, createHttpApp } from '../surfaces/http/index.ts';
import { createMcpSurface } from '../surfaces/mcp/index.ts';
import { createRest } from '../surfaces/rest/index.ts';
import { createSigninSurface } from '../surfaces/signin/index.ts';
import { createActTeller } from './act-events.ts';
import { createAddresses, withoutSecrets } from './approval-news.ts';
import { composeApprovals } from './approvals.ts';
import { composeBudgets, paying } from './budgets.ts';
import { composeConnections, createCredentialsPort } from './credentials.ts';
import { createDefinitionWatch } from './definitions.ts';
import { composeEvents } from './events.ts';
import { composeKnowledge } from './knowledge.ts';
import { createObserver } from './observe.ts';
import { missingOrgs } from './orgs.ts';
import { createOwnToolset } from './own.ts';
import { createPastDecisions } from './past-decisions.ts';
import { composePeople } from './people.ts';
import { createPrincipals } from './principals.ts';
import { createReferences } from './references.ts';
import { composeRotation, watchSecret } from './rotation.ts';
import { watchSecrets } from './secrets.ts';
import { createToolsets } from './toolsets.ts';
import { createTrail } from './trail.ts';

/** What exists before the house is put together: opened, and to be closed, by the life cycle. */
export interface Ground {
  settings: Settings;
  database: Database;
  bus: Bus;
  log: Log;
  metrics: Metrics;
  tracing: Tracing;
  /** What references are looked up in. */
  secrets: Secrets;
  /** What child processes inherit of the environment. */
  inheritedEnvironment: Record<string, string>;
  /** Toolsets of Fairlead's own, beside those that stand here. */
  toolsets?: readonly OwnToolset[];
  clock?: Clock;
}

export type House = ReturnType<typeof compose>;

/** The version of this package. */
export const version: string = ours.version;

/** Wires everything; starts nothing. */
export function compose(ground: Ground) {
  const { settings, database, bus, log, metrics, tracing, secrets, clock = systemClock } = ground;
  const { db } = database;
  if (settings.secret === undefined) throw new Error('settings without a secret: they were loaded only to look');
  const keyring = createKeyring(settings.secret, settings.otherSecrets);
  const replicaId = newId('replica');
  const mcpUrl = new URL('/mcp', settings.publicUrl).href;

  const processes = createProcesses({ inherit: ground.inheritedEnvironment, log });
  const egress = createEgress({ allow: settings.egress.allow, log });
  let runtimeSecrets = settings.secrets.vault?.runtime ?? {};
  const resolveReference = createReferences(() => ({ variables: settings.variables, vault: runtimeSecrets }), secrets);
  const events = composeEvents({
    ...{ database, bus, keyring, clock, log, metrics, egress, secrets, version },
    resolve: resolveReference,
    addressesOf: (org, to) => addressesOf(org, to),
    waits: (org, id) => approvals.waits(org, id),
    settings: settings.events,
  });
  // What is told to those who decide is what the audit would keep, and shorter.
  const redactor = createRedactor({ keyring, maxBytes: 4_096, redactKeys: settings.audit.redactKeys });
  const catalog = createCatalog({ db, bus, log, clock });
  const tellActs = createActTeller({ db, events, log });
  const audit = tellActs(
    createAudit({
      db,
      kind: database.kind,
      dataDir: settings.dataDir,
      keyring,
      clock,
      log,
      settings: settings.audit,
      replicaId,
    }),
  );
  const policy = createPolicy({
    db,
    bus,
    clock,
    log,
    folder: settings.policies.folder,
    shipped: settings.policies.shipped,
    environment: settings.environment,
    projections: settings.projections,
    past: createPastDecisions(audit),
  });
  let rulesEpoch = 0;
  policy.onChange(() => rulesEpoch++);
  const people = composePeople({
    ...{ settings, db, bus, keyring, egress, clock, log, metrics, resource: mcpUrl },
    connectionsOf: () => connections,
    purgers: [
      purgeUpstreams,
      purgeCatalog,
      purgePolicies,
      purgeIdempotency,
      purgeEndpoints,
      purgeLimits,
      purgeBudgets,
      purgeApprovals,
      purgeEvents,
      purgeVectors,
      purgeKnowledge,
      purgeConnections,
      audit.purge,
    ],
    purged: (org) => upstreams.purged(org),
  });
  const { signin, access } = people;
  const addressesOf = createAddresses(signin);
  const setRuntimeSecrets = (next: typeof runtimeSecrets) => {
    runtimeSecrets = next;
    return upstreams.resolveAgain();
  };
  const acts = createActs({ audit, clock, log });
  const connections = composeConnections({
    ...{ db, bus, clock, log, keyring, egress, acts, metrics },
    publicUrl: new URL(settings.publicUrl).origin,
    declarationOf: (org, name) => upstreams.declaration(org, name),
    personOf: (org, userId) => signin?.roster.member(userId, org)?.name,
  });
  const machineCredentials = createMachineCredentials({
    egress,
    clock,
    log,
    callers: { tokenOf: access.callerToken, sign: signin?.sign },
  });
  const upstreams = createUpstreams({
    db,
    bus,
    keyring,
    clock,
    log,
    catalog,
    processes,
    egress,
    declared: settings.upstreams,
    allowRuntimeStdio: settings.allowRuntimeStdio,
    resolveReference,
    keepReferences: (standing) => secrets.keep('runtime', standing),
    clientInfo: { name: 'fairlead', title: 'Fairlead', version },
    credentials: createCredentialsPort(connections, machineCredentials),
    gone: (org, name) => connections.removeTo(org, name),
  });
  connections.onChange(({ org, upstream, subject }) => upstreams.credentialChanged(org, upstream, subject));

  const endpoints = createEndpointBook({ db, bus, log, declared: settings.endpoints, plain: settings.mcp });
  const idempotency = createIdempotency({ db, keyring, clock, log });
  const latencies = createLatencies();
  const limitRefused = metrics.watchLimits(() => limits.state());
  const limits = createLimits({
    database,
    ...(settings.redisUrl === undefined ? {} : { redisUrl: settings.redisUrl }),
    bus,
    clock,
    log,
    id: replicaId,
    declared: settings.limits,
    refused: limitRefused,
  });
  const { budgets, usage } = composeBudgets({
    ...{ settings, database, bus, clock, log, metrics, replicaId, happenings: events, audit },
    tellsCosts: ({ org, toolset }) => upstreams.get(org, toolset)?.tellsCosts === true,
  });
  const caching = createCaching({
    bus,
    clock,
    log,
    settings: settings.caching,
    isBoundToSession: ({ org, toolset }) => upstreams.get(org, toolset)?.isolation === 'session',
    instruments: metrics.watchCache(() => caching.size()),
  });
  events.onTold(({ org, type }) => caching.happened(org, type));
  const guidanceOf = (tool: Tool) => guidanceFor(tool, latencies, limits.wordsFor(tool), budgets.wordsFor(tool));
  const { knowledge, embedders, modelKeys, setBaseDir } = composeKnowledge({
    ...{ settings, database, events, keyring, egress, processes, clock, log, metrics, replicaId, version },
  });
  const embeddings = embedders.usual && createEmbeddings({ db, embedder: embedders.usual, log });
  const discovery = createDiscovery({
    reachOf(call) {
      const { view, tools, instructions } = gateway.list(call.principal, originOf(call));
      return { all: view.tools, visible: tools, instructions };
    },
    guidanceOf,
    ...(embeddings ? { embeddings } : {}),
  });
  const findPrincipal = createPrincipals(access.keys, signin);
  const approvals = composeApprovals({
    ...{ db, bus, keyring, clock, log, acts, access, signin, findPrincipal },
    caller: { call: (request) => gateway.call(request) },
    findTool: ({ principal, endpoint }, name) => gateway.view(principal.org, endpoint).findTool(name),
    alone: database.kind === 'embedded',
    boundNow(org, id) {
      const tool = gateway.view(org).findTool(id);
      return { policyVersion: policy.versionFor(org), toolDigest: tool?.offered?.digest ?? tool?.digest };
    },
    ownPreview: (tool) => toolsets.previewOf(tool),
    happenings: events,
    shownArguments: (tool, args) => redactor.kept(withoutSecrets(args, tool.definition.inputSchema)),
    settings: settings.approvals,
    publicUrl: settings.publicUrl,
  });
  const plans = createPlans({ caller: { call: (request) => gateway.call(request) } });
  const own = createOwnToolset({ upstreams, discovery, plans, approvals: approvals.tools, version });
  const toolsets = createToolsets({
    own: [own, knowledge.toolset, ...(ground.toolsets ?? [])].map((one) => paying(one, settings.models.currency)),
    catalog,
    upstreams,
  });
  const gateway = createGateway({
    clock,
    tracing,
    endpoints: createEndpoints({ catalog, book: endpoints }),
    quarantine: (tool, reason) =>
      catalog.reviews.quarantine(
        tool.org,
        tool.toolset,
        { name: tool.name, digest: tool.offered?.digest ?? tool.digest },
        reason,
      ),
    checks: createSchemaChecks(),
    sees: (call, tool) => policy.visible(call.principal, [tool], originOf(call)).length > 0,
    troubleWith(principal, toolset) {
      const status = may(principal, 'tools:read') ? upstreams.get(principal.org, toolset) : undefined;
      if (!status || status.state === 'live') return undefined;
      return status.reason === undefined ? status.state : `${status.state}: ${status.reason}`;
    },
    async signInFor(principal, toolset) {
      // One that was listed says itself what it lacks, for each of its tools.
      const waits = upstreams.get(principal.org, toolset)?.lastListedAt === undefined;
      return waits && may(principal, 'tools:call') ? connections.needs(principal.org, toolset, principal) : undefined;
    },
    rulesEpoch: () => rulesEpoch,
    visible: (principal, tools, origin) => policy.visible(principal, tools, { surface: 'mcp', ...origin }),
    decide: (call, tool) => policy.decide(call.principal, tool, argumentsOf(call), originOf(call)),
    limits,
    budgets,
    consent: approvals.consent,
    asksConsent: policy.asksConsent,
    once: idempotency,
    cache: caching,
    providerOf: toolsets.providerOf,
    trail: createTrail(audit, clock, ({ principal, endpoint }, name) =>
      gateway.view(principal.org, endpoint).findTool(name),
    ),
    observe: createObserver({ clock, latencies, log, metrics }),
  });

  /** What is declared for organisations that do not exist, as far as is known now. */
  const orgsNotThere = () => {
    const declared = upstreams.list().filter(({ source }) => source === 'file');
    const naming = {
      endpoints: endpoints.declared(),
      collections: knowledge.declared(),
      limits: limits.declared(),
      events: events.declared(),
      approvals: approvals.declared(),
      budgets: budgets.declared(),
      upstreams: Object.fromEntries(declared.map((upstream) => [upstream.name, upstream])),
      ...people.declared(),
    };
    try {
      return missingOrgs(naming, access.orgs.has);
    } catch (error) {
      log.debug({ err: error }, 'which organisations exist cannot be told now');
      return [];
    }
  };

  const mcp = createMcpSurface({
    gateway: { ...gateway, call: approvals.attending.call },
    guidanceOf,
    catalog,
    keyring,
    log,
    version,
    subscriptions: toolsets.subscriptions,
    sessions: settings.sessions,
    maxBodyBytes: settings.maxBodyBytes,
    maxJsonDepth: settings.maxJsonDepth,
    connectionOpened: metrics.connectionOpened,
    onVisited: (listener) =>
      connections.onChange(({ elicitation }) => {
        if (elicitation !== undefined) listener(elicitation);
      }),
    rulesChanged(listener) {
      const ends = [policy.onChange(listener), endpoints.onChange(listener)];
      return () => {
        for (const end of ends) end();
      };
    },
  });

  const { maxBodyBytes, maxJsonDepth } = settings;
  const restDeps = {
    gateway,
    guidanceOf,
    access,
    audit,
    policy,
    catalog,
    endpoints,
    caching,
    events,
    knowledge,
    limits,
    budgets,
    usage,
    upstreams,
    signin,
    connections,
    findPrincipal,
    approvals,
    orgsNotThere,
    secrets,
    clock,
    log,
    version,
    maxBodyBytes,
    maxJsonDepth,
  };

  const definitions = createDefinitionWatch({ db, events, catalog, acts, metrics, log });
  metrics.watchUpstreams(() => upstreams.list());
  watchSecrets(metrics, secrets);
  const rotation = composeRotation({ db, keyring, log, audit });
  const secret = watchSecret(metrics, rotation);
  metrics.watchPool(database.usage);
  metrics.watchAuditQueue(() => {
    const { queued, queueSize, dropped } = audit.stats();
    return { used: queued, size: queueSize, dropped };
  });

  const http = (operations: { unready(): Promise<Record<string, string>>; draining(): boolean }) =>
    createHttpApp({
      mcp,
      rest: (admission) => createRest(restDeps, admission),
      hooks: createHooksSurface(events.hooks),
      connections: (admission) =>
        createConnectionsSurface(
          { connections, signin, acts, log, sign: (text) => keyring.hash('sign-in', text) },
          admission,
        ),
      ...(signin
        ? {
            approvals: (admission: Admission) =>
              createApprovalsSurface(
                { approvals, signin, acts, log, sign: (text) => keyring.hash('sign-in', text) },
                admission,
              ),
            signin: (admission: Admission) =>
              createSigninSurface(
                {
                  signin,
                  acts,
                  keys: access.keys,
                  log,
                  sign: (text) => keyring.hash('sign-in', text),
                  isEndpoint: endpoints.exists,
                  passwordsCount: () => access.orgs.known().some((org) => !signin.sso.requiredIn(org)),
                },
                admission,
              ),
          }
        : {}),
      access,
      log,
      metrics,
      publicUrl: settings.publicUrl,
      allowedHosts: settings.allowedHosts,
      allowedOrigins: settings.allowedOrigins,
      maxBodyBytes,
      trustedProxies: settings.trustedProxies,
      authorizationServers: () => [
        ...(signin ? [signin.publicUrl] : []),
        ...people.declared().issuers.map(({ issuer }) => issuer),
      ],
      scopes: scopeNames,
      endpoints,
      draining: operations.draining,
      operations: {
        metrics,
        metricsToken: settings.metricsToken,
        unready: operations.unready,
        warnings: () => [
          ...(audit.stats().gaps.length > 0 ? ['audit records are being dropped: the queue is full'] : []),
          ...secret.warnings(),
          ...secrets.health().warnings,
          ...(limits.state().alone
            ? ['the store of limits does not answer: each replica goes by its share of every limit']
            : []),
        ],
      },
    });

  return {
    access,
    approvals,
    audit,
    budgets,
    bus,
    caching,
    catalog,
    connections,
    database,
    egress,
    embeddings: { stop: () => Promise.all([embeddings?.stop(), embedders.stop()]) },
    endpoints,
    events,
    gateway,
    http,
    idempotency,
    knowledge,
    machineCredentials,
    limits,
    mcp,
    modelKeys,
    orgsNotThere,
    policy,
    processes,
    rotation,
    definitions,
    secrets,
    setBaseDir,
    setRuntimeSecrets,
    setApprovals: approvals.redeclare,
    setAuth: people.setAuth,
    signin: { start: async () => signin?.start(), stop: async () => signin?.stop() },
    toolsets,
    upstreams,
    usage,
  };
}

/** What policies may project: the arguments of a tool, the URI of a resource, the name of a prompt. */
function argumentsOf(call: Call): JsonObject {
  if (call.operation === 'read') return { uri: call.providerTarget ?? call.target };
  if (call.operation === 'prompt') return { name: call.providerTarget ?? call.target, arguments: call.arguments };
  return call.arguments;
}

function originOf(call: { endpoint?: string; surface: Surface; clientAddress?: string }) {
  return {
    surface: call.surface,
    ...(call.endpoint === undefined ? {} : { endpoint: call.endpoint }),
    ...(call.clientAddress === undefined ? {} : { clientAddress: call.clientAddress }),
  };
}
