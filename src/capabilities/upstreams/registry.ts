import { canonicalJson } from '../../kernel/digest.ts';
import type { OrgId } from '../../kernel/principal.ts';
import type { Declaration, Surroundings } from './types.ts';
import { createUpstream, type Upstream } from './upstream.ts';

export interface ResourceUpdate {
  org: OrgId;
  toolset: string;
  uri: string;
}

interface Running {
  upstream: Upstream;
  /** What it was made from. */
  print: string;
}

/** All upstreams that run here. Takes over a new list by touching only what changed. */
export interface Registry {
  get(org: OrgId, name: string): Upstream | undefined;
  all(): Upstream[];
  /** Starts, replaces and stops until exactly these run. */
  reconcile(declarations: readonly Declaration[]): Promise<void>;
  subscribe(org: OrgId, name: string, uri: string): () => Promise<void>;
  onResourceUpdated(listener: (update: ResourceUpdate) => void): () => void;
  stop(): Promise<void>;
}

export function createRegistry(around: Surroundings): Registry {
  const running = new Map<string, Running>();
  const listeners = new Set<(update: ResourceUpdate) => void>();
  const wanted = new Map<string, Map<string, number>>(); // upstream to resource to number of subscribers
  const leaving = new Set<Promise<void>>();
  const prints = new WeakMap<Declaration, string>();
  let queue: Promise<void> = Promise.resolve();
  let stopped = false;

  // A declaration may hold a whole document, and most are seen again and again.
  const printOf = (declaration: Declaration): string => {
    const print = prints.get(declaration) ?? canonicalJson(declaration);
    prints.set(declaration, print);
    return print;
  };

  const watched = (key: string) => [...(wanted.get(key)?.keys() ?? [])];

  const launch = (key: string, declaration: Declaration, print: string) => {
    const { org, name } = declaration;
    const upstream = createUpstream(declaration, around, (uri) => {
      for (const listener of listeners) listener({ org, toolset: name, uri });
    });
    running.set(key, { upstream, print });
    upstream.watch(watched(key));
    upstream.start();
  };

  const leave = (upstream: Upstream) => {
    const end = upstream.retire().finally(() => leaving.delete(end));
    leaving.add(end);
  };

  const apply = async (declarations: readonly Declaration[]): Promise<void> => {
    if (stopped) return;
    const keys = new Set<string>();
    for (const declaration of declarations) {
      const { org, name, settings } = declaration;
      const key = keyOf(org, name);
      keys.add(key);
      const print = printOf(declaration);
      const before = running.get(key);
      if (before?.print === print) continue;
      if (before) leave(before.upstream);
      if (settings.disabled) await forgetItems(org, name);
      launch(key, declaration, print);
    }
    for (const [key, { upstream }] of running) {
      if (keys.has(key)) continue;
      running.delete(key);
      leave(upstream);
      await forgetItems(upstream.declaration.org, upstream.declaration.name);
    }
  };

  const forgetItems = async (org: OrgId, name: string): Promise<void> => {
    await around.catalog
      .removeToolset(org, name)
      .catch((error: unknown) => around.log.error({ err: error, upstream: name }, 'could not remove a toolset'));
  };

  return {
    get: (org, name) => running.get(keyOf(org, name))?.upstream,
    all: () => [...running.values()].map(({ upstream }) => upstream),

    reconcile(declarations) {
      queue = queue.catch(() => undefined).then(() => apply(declarations));
      return queue;
    },

    subscribe(org, name, uri) {
      const key = keyOf(org, name);
      const counts = wanted.get(key) ?? new Map<string, number>();
      wanted.set(key, counts);
      counts.set(uri, (counts.get(uri) ?? 0) + 1);
      if (counts.get(uri) === 1) running.get(key)?.upstream.watch(watched(key));
      let done = false;
      return async () => {
        if (done) return;
        done = true;
        const left = (counts.get(uri) ?? 1) - 1;
        if (left > 0) counts.set(uri, left);
        else {
          counts.delete(uri);
          if (counts.size === 0 && wanted.get(key) === counts) wanted.delete(key);
          running.get(key)?.upstream.watch(watched(key));
        }
      };
    },

    onResourceUpdated(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },

    async stop() {
      stopped = true;
      await queue.catch(() => undefined);
      await Promise.all([...running.values()].map(({ upstream }) => upstream.stop()));
      running.clear();
      await Promise.race([
        Promise.all(leaving),
        new Promise((resolve) => setTimeout(resolve, around.timing.stopMs).unref()),
      ]);
    },
  };
}

function keyOf(org: OrgId, name: string): string {
  return `${org} ${name}`; // neither can hold a space
}
