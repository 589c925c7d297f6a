import type { Client } from '@modelcontextprotocol/client';
import { isObject, type JsonObject } from '../../kernel/json.ts';
import type { Log } from '../../platform/telemetry/index.ts';
import { backoffMs } from './backoff.ts';
import type { Timing } from './types.ts';

interface Deps {
  client: Client;
  era: 'legacy' | 'modern';
  capabilities: JsonObject;
  timing: Timing;
  log: Log;
  request(method: string, params: JsonObject, options: { signal: AbortSignal }): Promise<JsonObject>;
  /** Changes may have happened while nobody listened. */
  mayHaveMissed(): void;
}

/** Keeps us told about changes: the `listen` stream on 2026-07-28, subscriptions on the older protocol. */
export interface Watch {
  resources(uris: readonly string[]): void;
  stop(): void;
}

export function createWatch({ client, era, capabilities, timing, log, request, mayHaveMissed }: Deps): Watch {
  const stopping = new AbortController();
  let wanted: readonly string[] = [];
  const subscribed = new Set<string>();
  let restart: AbortController | undefined;

  const announces = (capability: string) => {
    const declared = capabilities[capability];
    return isObject(declared) && declared.listChanged === true;
  };
  const canSubscribe = isObject(capabilities.resources) && capabilities.resources.subscribe === true;

  const filter = () => ({
    ...(announces('tools') ? { toolsListChanged: true } : {}),
    ...(announces('prompts') ? { promptsListChanged: true } : {}),
    ...(announces('resources') ? { resourcesListChanged: true } : {}),
    ...(wanted.length > 0 && canSubscribe ? { resourceSubscriptions: [...wanted] } : {}),
  });

  // One stream at a time; a new set of resources replaces it.
  const listen = async (): Promise<void> => {
    let failures = 0;
    let opened = 0;
    while (!stopping.signal.aborted) {
      const changed = new AbortController();
      restart = changed;
      const asked = filter();
      try {
        if (Object.keys(asked).length === 0) await aborted(changed.signal, stopping.signal);
        else {
          const stream = await client.listen(asked, { timeout: timing.healthMs, signal: stopping.signal });
          if (opened++ > 0) mayHaveMissed();
          const openedAt = performance.now();
          await Promise.race([stream.closed, aborted(changed.signal, stopping.signal)]);
          await stream.close();
          // A server that ends the stream at once would otherwise be asked for it, and listed, without pause.
          const stable = performance.now() - openedAt >= timing.stableMs;
          failures = changed.signal.aborted ? 0 : stable ? 1 : failures + 1;
        }
      } catch (error) {
        failures++;
        log.debug({ err: error }, 'the stream of changes could not be opened');
      }
      if (failures > 0) await pause(backoffMs(failures, timing), changed.signal, stopping.signal);
    }
  };

  const subscribeLegacy = async (): Promise<void> => {
    if (!canSubscribe) return;
    const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(timing.healthMs)]);
    for (const uri of wanted.filter((uri) => !subscribed.has(uri))) {
      subscribed.add(uri);
      await request('resources/subscribe', { uri }, { signal });
    }
    for (const uri of [...subscribed].filter((uri) => !wanted.includes(uri))) {
      subscribed.delete(uri);
      await request('resources/unsubscribe', { uri }, { signal });
    }
  };

  const settle = (work: Promise<void>) =>
    void work.catch((error: unknown) => log.debug({ err: error }, 'a subscription could not be changed'));

  if (era === 'modern') settle(listen());
  else if (isObject(capabilities.logging)) {
    settle(request('logging/setLevel', { level: 'info' }, { signal: stopping.signal }).then(() => undefined));
  }

  return {
    resources(uris) {
      wanted = [...new Set(uris)].sort();
      if (era === 'modern') restart?.abort();
      else settle(subscribeLegacy());
    },
    stop: () => stopping.abort(),
  };
}

function aborted(...signals: AbortSignal[]): Promise<void> {
  const any = AbortSignal.any(signals);
  return new Promise((resolve) => {
    if (any.aborted) resolve();
    else any.addEventListener('abort', () => resolve(), { once: true });
  });
}

async function pause(ms: number, ...signals: AbortSignal[]): Promise<void> {
  await aborted(AbortSignal.timeout(ms), ...signals);
}
