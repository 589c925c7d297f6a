import { isWebAddress } from '../../config/addresses.ts';
import { findReferences } from '../../config/references.ts';
import type { OpenApiUpstreamSettings, UpstreamSettings } from '../../config/schema.ts';
import { InvalidRequest } from '../../kernel/errors.ts';
import { newId } from '../../kernel/ids.ts';
import { isObject } from '../../kernel/json.ts';
import { ownToolset, toolsetPattern } from '../../kernel/names.ts';
import { defaultOrg, type OrgId } from '../../kernel/principal.ts';
import { type Bus, createFollower } from '../../platform/bus/index.ts';
import type { Db } from '../../platform/db/types.ts';
import type { Keyring } from '../../platform/keyring/index.ts';
import { SecretUnavailable } from '../../platform/secrets/errors.ts';
import { RuntimeStdioOff, UpstreamDeclared, UpstreamLimit, UpstreamNameTaken, UpstreamUnknown } from './errors.ts';
import { troubleOf } from './failures.ts';
import { probe } from './probe.ts';
import {
  hasReferences,
  keepHidden,
  parseUpstream,
  type ResolveReference,
  resolveReferences,
  seal,
  unseal,
} from './sealing.ts';
import {
  countRuntime,
  deleteRuntime,
  getRuntime,
  insertRuntime,
  listRuntimeRevisions,
  type RuntimeRow,
  updateRuntime,
} from './store.ts';
import type { Declaration, Surroundings, UpstreamProbe } from './types.ts';

const maxPerOrg = 100;

interface Deps {
  db: Db;
  bus: Bus;
  keyring: Keyring;
  around: Surroundings;
  allowRuntimeStdio: boolean;
  resolveReference?: ResolveReference;
  isDeclared(org: OrgId, name: string): boolean;
  /** Takes over what there is now. */
  changed(declarations: readonly Declaration[]): Promise<void>;
}

/** Upstreams added while the server runs: kept in the database, followed by every replica. */
export interface Runtime {
  add(org: OrgId, name: string, input: unknown, by: string): Promise<void>;
  change(org: OrgId, name: string, input: unknown, by: string): Promise<void>;
  remove(org: OrgId, name: string, by: string): Promise<void>;
  test(org: OrgId, name: string, input: unknown): Promise<UpstreamProbe>;
  /** Looks here and on every replica for what is there now. */
  tell(): Promise<void>;
  /** Looks again for what references stand for. */
  resolveAgain(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

type Known = Map<string, { revision: string; declaration: Declaration; seenSecrets: number }>;

export function createRuntime(deps: Deps): Runtime {
  const { db, bus, keyring, around, allowRuntimeStdio, resolveReference, isDeclared, changed } = deps;
  const { log, timing } = around;
  // A process runs as the server's own user: only whoever runs the server may start one, not the admin of a tenant.
  const mayStart = (org: OrgId) => allowRuntimeStdio && org === defaultOrg;

  let secretsSeen = 0; // counts how often what references stand for has changed

  const toDeclaration = async ({ org, name, settings: stored }: RuntimeRow): Promise<Declaration> => {
    const source = 'runtime' as const;
    try {
      const written = parseUpstream(org, unseal(keyring, org, name, stored));
      if ('command' in written && !mayStart(org)) {
        return { org, name, source, settings: written, written, fault: RuntimeStdioOff().message };
      }
      try {
        return { org, name, source, written, ...(await resolveReferences(written, resolveReference)) };
      } catch (error) {
        if (!SecretUnavailable.is(error)) throw error;
        log.warn({ org, upstream: name, reason: error.message }, 'an upstream added at run time lacks a secret');
        return { org, name, source, settings: written, written, fault: error.message };
      }
    } catch (error) {
      log.error({ err: error, org, upstream: name }, 'an upstream added at run time cannot be used');
      const settings = parseUpstream(org, { url: 'http://unreadable.invalid/' });
      return { org, name, source, settings, fault: 'its settings cannot be read; they have to be given again' };
    }
  };

  const follower = createFollower<Known>({
    bus,
    topic: 'upstreams.changed',
    log,
    what: 'the upstreams added at run time',
    timing: { pollMs: timing.pollMs },
    async load(known) {
      const next: Known = new Map();
      const seenSecrets = secretsSeen;
      for (const { org, name, revision } of await listRuntimeRevisions(db)) {
        const key = `${org} ${name}`;
        const before = known?.get(key);
        const holds =
          before?.revision === revision && (before.seenSecrets === seenSecrets || !hasReferences(before.declaration));
        const row = holds ? undefined : await getRuntime(db, org, name);
        if (row) next.set(key, { revision: row.revision, declaration: await toDeclaration(row), seenSecrets });
        else if (holds) next.set(key, before);
      }
      await changed([...next.values()].map(({ declaration }) => declaration));
      return next;
    },
  });

  const tell = async (): Promise<void> => {
    follower.tell();
    await follower.refresh();
  };

  const refuseDeclared = (org: OrgId, name: string) => {
    if (isDeclared(org, name)) throw UpstreamDeclared({ name });
  };

  /** What a user wrote, after every check that can be made without connecting. */
  const accept = async (
    org: OrgId,
    input: unknown,
  ): Promise<{ written: UpstreamSettings; resolved: UpstreamSettings }> => {
    const written = parseUpstream(org, input);
    if ('command' in written && !mayStart(org)) throw RuntimeStdioOff();
    refuseShownSecrets(written);
    const { settings: resolved } = await resolveReferences(written, resolveReference);
    for (const address of addressesOf(resolved)) await around.egress.assertAllowed(address);
    return { written, resolved };
  };

  return {
    async add(org, name, input, by) {
      if (!toolsetPattern.test(name)) {
        throw InvalidRequest({ faults: 'name: must be 1 to 24 lower case letters, digits and dashes' });
      }
      if (isDeclared(org, name)) throw UpstreamNameTaken({ name, reason: 'it is declared in the configuration file' });
      if (name === ownToolset) throw UpstreamNameTaken({ name, reason: "it is the server's own" });
      const { written } = await accept(org, input);
      if ((await countRuntime(db, org)) >= maxPerOrg) throw UpstreamLimit({ limit: maxPerOrg });
      const row = { name, settings: seal(keyring, org, name, written), revision: newId('rev') };
      if (!(await insertRuntime(db, org, row, by))) {
        throw UpstreamNameTaken({ name, reason: 'there is an upstream of this name already' });
      }
      await tell();
    },

    async change(org, name, input, by) {
      refuseDeclared(org, name);
      const row = await getRuntime(db, org, name);
      if (!row) throw UpstreamUnknown({ name });
      const { written } = await accept(org, withOldSecrets(keyring, row, input));
      const next = { name, settings: seal(keyring, org, name, written), revision: newId('rev') };
      if (!(await updateRuntime(db, org, next, by))) throw UpstreamUnknown({ name });
      await tell();
    },

    async remove(org, name) {
      refuseDeclared(org, name);
      if (!(await deleteRuntime(db, org, name))) throw UpstreamUnknown({ name });
      await tell();
      await around.catalog.forgetDecisions(org, name); // another one of this name begins anew
    },

    async test(org, name, input) {
      const row = isObject(input) ? await getRuntime(db, org, name) : undefined;
      const { resolved } = await accept(org, row ? withOldSecrets(keyring, row, input) : input);
      return probe({ org, name, source: 'runtime', settings: resolved }, around, troubleOf);
    },

    tell,
    async resolveAgain() {
      secretsSeen++;
      await follower.refresh();
    },
    start: follower.start,
    stop: follower.stop,
  };
}

/** Arguments stand in the list of processes, for everybody on this machine. */
function refuseShownSecrets(settings: UpstreamSettings): void {
  if (!('command' in settings)) return;
  const shown = [settings.command, ...settings.args, settings.cwd ?? ''];
  if (shown.some((text) => findReferences(text).some(({ kind }) => kind === 'vault')))
    throw InvalidRequest({
      faults: 'args: a secret of the vault would stand in the list of processes; pass it in env',
    });
}

/** Where it says that requests are to go. Throws `InvalidRequest` for a file of this machine. */
function addressesOf(settings: UpstreamSettings): string[] {
  if ('url' in settings) return [settings.url, ...addressesOfAuth(settings.auth)];
  if (!('openapi' in settings)) return [];
  const { openapi, baseUrl } = settings;
  if (typeof openapi === 'string' && !isWebAddress(openapi)) {
    throw InvalidRequest({ faults: 'openapi: must be a URL or the document itself; files are named in fairlead.yaml' });
  }
  return [openapi, baseUrl, ...addressesOfAuth(settings.auth)].filter((address) => typeof address === 'string');
}

function addressesOfAuth(auth: OpenApiUpstreamSettings['auth']): string[] {
  if (!auth) return [];
  const servers: { issuer?: string | undefined; tokenEndpoint?: string | undefined }[] = [auth];
  if (auth.grant === 'enterprise_managed') servers.push(auth.identityProvider);
  return servers.flatMap(({ issuer, tokenEndpoint }) => [issuer, tokenEndpoint]).filter((each) => each !== undefined);
}

function withOldSecrets(keyring: Keyring, row: RuntimeRow, input: unknown): unknown {
  try {
    return keepHidden(input, unseal(keyring, row.org, row.name, row.settings));
  } catch {
    return input; // sealed under another secret: all values have to be given again
  }
}
