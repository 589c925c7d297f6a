import type { DeclaredUpstream, UpstreamSettings } from '../../config/schema.ts';
import type { ToolProvider } from '../../kernel/call.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { JsonObject } from '../../kernel/json.ts';
import type { OrgId } from '../../kernel/principal.ts';
import type { Bus } from '../../platform/bus/types.ts';
import type { Db } from '../../platform/db/types.ts';
import type { Keyring } from '../../platform/keyring/index.ts';
import type { Standing } from '../../platform/secrets/index.ts';
import { UpstreamUnknown } from './errors.ts';
import { createImporter } from './openapi/importer.ts';
import { createRegistry, type ResourceUpdate } from './registry.ts';
import { createRuntime } from './runtime.ts';
import { masked, type ResolveReference, standingIn } from './sealing.ts';
import { addSeen, listSeen, removeSeen } from './store.ts';
import {
  type Declaration,
  defaultTiming,
  type Surroundings,
  type Timing,
  type UpstreamProbe,
  type UpstreamStatus,
} from './types.ts';

export interface Upstreams extends ToolProvider {
  /** Begins connecting; waits for no upstream. */
  start(): Promise<void>;
  /** Resolves when each upstream has been listed or has spent its start time-out. */
  ready(): Promise<void>;
  /** Closes every connection and ends every process, in bounded time. */
  stop(): Promise<void>;
  /** Of one organisation, or of all. */
  list(org?: OrgId): UpstreamStatus[];
  get(org: OrgId, name: string): UpstreamStatus | undefined;
  /** Settings as they may be shown: secrets are hidden. */
  describe(org: OrgId, name: string): JsonObject | undefined;
  /** As it is run: with its references resolved, so never to be shown. */
  declaration(org: OrgId, name: string): Declaration | undefined;
  /** The credential of somebody for it has come, changed or gone. */
  credentialChanged(org: OrgId, name: string, subject: string): void;
  /** Throws `InvalidRequest`, `UpstreamNameTaken`, `RuntimeStdioOff`, `UpstreamLimit`, and what the SSRF guard throws. */
  add(org: OrgId, name: string, input: unknown, by: string): Promise<UpstreamStatus>;
  /** As `add`; also throws `UpstreamUnknown`. A secret given as `***` stays as it was. */
  change(org: OrgId, name: string, input: unknown, by: string): Promise<UpstreamStatus>;
  remove(org: OrgId, name: string, by: string): Promise<void>;
  /** Stops, on every replica, what a purged organisation had added; its rows are gone already. */
  purged(org: OrgId): Promise<void>;
  /** Connects, lists and closes again; changes nothing. */
  test(org: OrgId, name: string, input: unknown): Promise<UpstreamProbe>;
  /** Takes over a new file: only what changed is touched, running calls end where they began. */
  redeclare(declared: Record<string, DeclaredUpstream>): Promise<void>;
  /** Looks again for what references of upstreams added at run time stand for; only those that changed are touched. */
  resolveAgain(): Promise<void>;
  /** Asks to be told about a resource; returns the way to end that. */
  subscribe(org: OrgId, toolset: string, uri: string): Promise<() => Promise<void>>;
  onResourceUpdated(listener: (update: ResourceUpdate) => void): () => void;
}

export interface UpstreamsDeps extends Omit<Surroundings, 'timing' | 'now' | 'importer'> {
  db: Db;
  bus: Bus;
  keyring: Keyring;
  clock: Clock;
  /** An upstream is declared nowhere any more. */
  gone?(org: OrgId, name: string): Promise<void>;
  /** Upstreams of the file by name, references resolved. */
  declared: Record<string, DeclaredUpstream>;
  allowRuntimeStdio: boolean;
  /** Values for references in upstreams added at run time; without it such are refused. */
  resolveReference?: ResolveReference;
  /** Told which references those have, whenever that may have changed. */
  keepReferences?(standing: readonly Standing[]): void;
  timing?: Partial<Timing>;
}

/** The MCP servers and APIs behind this one: each kept connected by itself, so that none can slow or break another. */
export function createUpstreams(deps: UpstreamsDeps): Upstreams {
  const { clock, log } = deps;
  const around: Surroundings = {
    ...deps,
    importer: createImporter({ processes: deps.processes }),
    timing: { ...defaultTiming, ...deps.timing },
    now: () => clock.now(),
  };
  const registry = createRegistry(around);
  let declared = declarationsOf(deps.declared);
  let added: readonly Declaration[] = [];
  let starting: Promise<void> | undefined;
  let stopping: Promise<void> | undefined;
  let started = false;

  const reconcile = (): Promise<void> => {
    if (!started) return Promise.resolve();
    const taken = new Set(declared.map(({ org, name }) => `${org} ${name}`));
    return registry.reconcile([...declared, ...added.filter(({ org, name }) => !taken.has(`${org} ${name}`))]);
  };

  const runtime = createRuntime({
    ...deps,
    around,
    isDeclared: (org, name) => declared.some((entry) => entry.org === org && entry.name === name),
    async changed(declarations) {
      added = declarations;
      deps.keepReferences?.(standingIn(declarations));
      await reconcile();
    },
  });

  const statusOf = (org: OrgId, name: string): UpstreamStatus => {
    const upstream = registry.get(org, name);
    if (!upstream) throw UpstreamUnknown({ name });
    return upstream.status();
  };

  /** Takes out of the catalog what ran before and is declared nowhere any more, such as one that left the file. */
  const forgetGone = async (): Promise<void> => {
    const running = new Set(registry.all().map(({ declaration: { org, name } }) => `${org} ${name}`));
    const seen = await listSeen(deps.db);
    for (const { org, name } of seen) {
      if (running.has(`${org} ${name}`)) continue;
      await deps.catalog.removeToolset(org, name);
      await deps.gone?.(org, name);
      await removeSeen(deps.db, org, name);
    }
    const known = new Set(seen.map(({ org, name }) => `${org} ${name}`));
    for (const { declaration } of registry.all()) {
      const { org, name } = declaration;
      if (!known.has(`${org} ${name}`)) await addSeen(deps.db, org, name);
    }
  };

  const startAll = async (): Promise<void> => {
    started = true;
    await reconcile();
    try {
      // What was added at run time waits for the database; what the file declares does not.
      await runtime.start();
      await forgetGone();
    } catch (error) {
      log.error({ err: error }, 'could not read the upstreams added at run time');
    }
  };

  return {
    start() {
      starting ??= startAll();
      return starting;
    },

    async ready() {
      await starting;
      await Promise.all(registry.all().map((upstream) => upstream.settled));
    },

    stop() {
      stopping ??= (async () => {
        await runtime.stop();
        await registry.stop();
      })();
      return stopping;
    },

    list: (org) =>
      registry
        .all()
        .filter((upstream) => org === undefined || upstream.declaration.org === org)
        .map((upstream) => upstream.status())
        .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)),
    get: (org, name) => registry.get(org, name)?.status(),
    describe: (org, name) => {
      const declaration = registry.get(org, name)?.declaration;
      return declaration && masked(declaration.written ?? declaration.settings);
    },

    declaration: (org, name) => registry.get(org, name)?.declaration,
    credentialChanged(org, name, subject) {
      const upstream = registry.get(org, name);
      upstream?.release(subject);
      upstream?.tryNow();
    },

    async add(org, name, input, by) {
      await runtime.add(org, name, input, by);
      await addSeen(deps.db, org, name);
      return statusOf(org, name);
    },
    async change(org, name, input, by) {
      await runtime.change(org, name, input, by);
      return statusOf(org, name);
    },
    async remove(org, name, by) {
      await runtime.remove(org, name, by);
      await deps.gone?.(org, name);
    },
    purged: runtime.tell,
    test: runtime.test,

    async redeclare(next) {
      declared = declarationsOf(next);
      await reconcile();
      await forgetGone().catch((error: unknown) => log.warn({ err: error }, 'could not note which upstreams run'));
    },

    resolveAgain: runtime.resolveAgain,

    async subscribe(org, toolset, uri) {
      return registry.subscribe(org, toolset, uri);
    },
    onResourceUpdated: registry.onResourceUpdated,

    async dispatch(call, signal) {
      const upstream = registry.get(call.principal.org, call.tool.toolset);
      if (!upstream) throw UpstreamUnknown({ name: call.tool.toolset });
      return upstream.dispatch(call, signal);
    },
  };
}

function declarationsOf(declared: Record<string, DeclaredUpstream>): Declaration[] {
  return Object.entries(declared).map(([name, { fault, given, ...settings }]) => ({
    org: settings.org,
    name,
    source: 'file',
    settings: settings as UpstreamSettings,
    ...(fault === undefined ? {} : { fault }),
    ...(given === undefined ? {} : { given }),
  }));
}
