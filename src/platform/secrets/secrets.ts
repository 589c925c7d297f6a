import { readFileSync } from 'node:fs';
import { canonicalJson } from '../../kernel/digest.ts';
import { createEgress, type Egress } from '../http/index.ts';
import type { Log } from '../telemetry/index.ts';
import { lookUpLocally } from './local.ts';
import { type Found, type Reference, vaultPlace } from './reference.ts';
import type { ReferenceState, Secrets, SecretsHealth, SecretsWorld, Standing, VaultWorld } from './types.ts';
import { createVaultClient, type VaultClient } from './vault/client.ts';
import { createVaultSession, type VaultSession } from './vault/session.ts';
import { createShelf, type Kept } from './vault/shelf.ts';
import { asTrouble } from './vault/trouble.ts';

interface OpenVault extends Omit<VaultWorld, 'auth'> {
  print: string;
  client: VaultClient;
  session: VaultSession;
  egress: Egress;
}

const longestSleepMs = 30_000;
const tokenWarningMs = 24 * 3_600_000;

export function createSecrets({ log, now = Date.now }: { log: Log; now?: () => number }): Secrets {
  let world: SecretsWorld = { env: {}, baseDir: '.' };
  let vault: OpenVault | undefined;
  let up: boolean | undefined;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let stopping: Promise<void> | undefined;
  let started = false;
  const holders = new Map<string, readonly Standing[]>();
  const listeners = new Set<() => void>();
  const prints = new Map<string, string>();
  const shelf = createShelf({
    vault() {
      if (!vault) throw new Error('no vault is open');
      return vault;
    },
    now,
  });

  const openVault = (settings: VaultWorld): OpenVault => {
    const ca = settings.caFile === undefined ? undefined : readFileSync(settings.caFile, 'utf8');
    const { auth, ...rest } = settings;
    const egress = createEgress({ allow: [], log, ...(ca === undefined ? {} : { ca }) });
    // Its address stands in the operator's file.
    const client = createVaultClient(settings, (url, init) => egress.fetch(url, { ...init, guarded: false }));
    const print = canonicalJson([settings, ca ?? null]);
    return { ...rest, print, client, session: createVaultSession({ client, auth, now }), egress };
  };

  const closeVault = async (open: OpenVault | undefined): Promise<void> => {
    if (!open) return;
    await open.session.close();
    await open.egress.stop();
  };

  /** Looks after a secret, and says so once when its vault goes or comes back. */
  const look = async (path: string): Promise<void> => {
    await shelf.look(path);
    const trouble = shelf.get(path)?.trouble;
    const nowUp = trouble?.kind !== 'away';
    if (nowUp !== up && (up !== undefined || !nowUp)) {
      if (nowUp) log.info('the vault gives secrets again');
      else
        log.warn(
          { reason: trouble?.text },
          'the vault does not give secrets; those known go on counting as long as they may',
        );
    }
    up = nowUp;
  };

  const inUse = () => [...holders.values()].flat();
  const pathsOf = (references: readonly Reference[]) =>
    new Set(references.flatMap(({ kind, name }) => (kind === 'vault' ? (vaultPlace(name)?.path ?? []) : [])));

  const tellChanges = () => {
    let changed = false;
    for (const one of shelf.all()) {
      const [before, print] = [prints.get(one.path), shelf.print(one)];
      prints.set(one.path, print);
      if (before !== undefined && before !== print) changed = true;
    }
    if (changed) for (const listener of listeners) listener();
  };

  const tend = async (): Promise<void> => {
    if (!vault) return;
    await vault.session.tend().catch((error: unknown) => {
      log.warn({ reason: asTrouble(error).message }, 'the token of the vault could not be renewed');
    });
    const used = pathsOf(inUse());
    const due = shelf.all().filter(({ path, dueAt }) => used.has(path) && dueAt <= now());
    await inTurns(
      due.map(({ path }) => path),
      look,
    );
    tellChanges();
  };

  const schedule = () => {
    clearTimeout(timer);
    if (!started || stopping || !vault) return;
    const used = pathsOf(inUse());
    const dues = shelf.all().flatMap(({ path, dueAt }) => (used.has(path) ? [dueAt] : []));
    const due = Math.min(vault.session.dueAt(), ...dues, now() + longestSleepMs);
    timer = setTimeout(
      () => {
        running = tend()
          .catch((error: unknown) => log.error({ err: error }, 'secrets could not be looked after'))
          .finally(() => {
            running = undefined;
            schedule();
          });
      },
      Math.max(due - now(), 50),
    );
    timer.unref();
  };

  const lookUpVault = (name: string): Found => {
    const place = vaultPlace(name);
    if (!place) return { fault: `\${vault:...} needs a path and a key, such as \${vault:team/crm#token}` };
    if (!vault) return { fault: `vault:${name} cannot be had: secrets.vault names no vault` };
    const fault = (why: string): Found => ({ fault: `vault:${name} cannot be had: ${why}`, away: true });
    const one = shelf.get(place.path);
    if (!one) return fault('it was not asked for');
    if (shelf.isGone(one)) return fault(goneReason(one));
    const value = Object.hasOwn(one.fields ?? {}, place.key) ? one.fields?.[place.key] : undefined;
    if (typeof value === 'string') return { value };
    if (typeof value === 'number' || typeof value === 'boolean') return { value: String(value) };
    return fault(value === undefined ? 'the secret has no such key' : 'it is no text');
  };

  const lookUp = (reference: Reference): Found =>
    reference.kind === 'vault' ? lookUpVault(reference.name) : lookUpLocally(reference, world);

  const stateOf = ({ place, org, kind, name }: Standing): ReferenceState => {
    const standing = { place, kind, name, ...(org === undefined ? {} : { org }) };
    const found = lookUp({ kind, name });
    const path = kind === 'vault' ? vaultPlace(name)?.path : undefined;
    const one = path === undefined ? undefined : shelf.get(path);
    const facts = {
      ...(one?.version === undefined ? {} : { version: one.version }),
      ...(one?.seenAt === undefined ? {} : { seenAt: one.seenAt }),
      ...(one?.lease === undefined ? {} : { leaseUntil: one.lease.until }),
    };
    if ('fault' in found) return { ...standing, state: 'missing', reason: found.fault, ...facts };
    if (one?.trouble) return { ...standing, state: 'stale', reason: one.trouble.text, ...facts };
    return { ...standing, state: 'resolves', ...facts };
  };

  const health = (): SecretsHealth => {
    const states = inUse().map(stateOf);
    const count = (wanted: ReferenceState['state']) => states.filter(({ state }) => state === wanted).length;
    const [stale, missing] = [count('stale'), count('missing')];
    const expiresAt = vault?.session.isGiven ? vault.session.expiresAt() : undefined;
    const warnings = [
      ...(stale > 0 ? [`secrets: ${stale} in use cannot be read again now, and count as long as they may`] : []),
      ...(missing > 0 ? [`secrets: ${missing} cannot be had; \`fairlead secrets check\` names them`] : []),
      ...(expiresAt !== undefined && expiresAt - now() < tokenWarningMs
        ? [`secrets: the token of the vault ends ${new Date(expiresAt).toISOString()} unless it can be renewed`]
        : []),
    ];
    return { up, resolving: count('resolves'), stale, missing, warnings };
  };

  return {
    open(next) {
      world = next;
      if (next.vault === 'as before') return;
      if (next.vault === undefined) {
        void closeVault(vault);
        vault = undefined;
        up = undefined;
        return;
      }
      const opened = openVault(next.vault);
      if (opened.print === vault?.print) return void opened.egress.stop();
      const before = vault;
      vault = opened;
      if (!before) return schedule();
      void closeVault(before);
      shelf.distrust();
      schedule();
    },

    async fetch(names) {
      if (!vault) return;
      const wanted = pathsOf(names.map((name) => ({ kind: 'vault', name })));
      // What failed a moment ago is left to the timer, which knows when to try again; without one, it is tried here.
      const unknown = [...wanted].filter((path) => {
        const one = shelf.get(path);
        return !one || (!one.fields && (!started || one.dueAt <= now()));
      });
      const [first, ...others] = unknown;
      if (first === undefined) return;
      await look(first);
      if (up) await inTurns(others, look);
      // One that does not answer need not be waited for once more for each.
      else for (const path of others) shelf.share(path, first);
      for (const one of shelf.all()) prints.set(one.path, prints.get(one.path) ?? shelf.print(one));
      schedule();
    },

    lookUp,

    keep(holder, standing) {
      holders.set(holder, standing);
      const used = pathsOf(inUse());
      shelf.keepOnly(used);
      for (const path of prints.keys()) if (!used.has(path)) prints.delete(path);
      schedule();
    },

    states: (standing) => standing.map(stateOf),
    list: () => [...holders].flatMap(([holder, standing]) => standing.map((one) => ({ ...stateOf(one), holder }))),
    health,

    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },

    values: () =>
      shelf.all().flatMap(({ fields }) => Object.values(fields ?? {}).filter((value) => typeof value === 'string')),

    start() {
      started = true;
      schedule();
    },

    stop() {
      stopping ??= (async () => {
        clearTimeout(timer);
        await running;
        const open = vault;
        if (!open) return;
        if (!(await open.session.close())) await shelf.revoke();
        await open.egress.stop();
        vault = undefined;
      })();
      return stopping;
    },
  };
}

function goneReason({ trouble, fields, lease }: Kept): string {
  if (!trouble) return lease ? 'its lease has ended' : 'it was not asked for';
  if (!fields || trouble.kind === 'absent') return trouble.text;
  return `${trouble.text}, and the value known last is too old to go by`;
}

/** A few at a time: a vault has others to serve. */
async function inTurns<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = [...items];
  const next = async (): Promise<void> => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(4, rest.length) }, next));
}
