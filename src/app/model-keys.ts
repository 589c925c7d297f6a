import { unresolvedMark } from '../config/references.ts';
import type { ModelsSettings } from '../config/schema.ts';
import { canonicalJson } from '../kernel/digest.ts';
import type { Egress } from '../platform/http/index.ts';
import { SecretUnavailable } from '../platform/secrets/index.ts';

/** Requests to models, with the key that counts now: keys rotate, and a model is made once. */
export interface ModelKeys {
  fetch(url: string | URL, init?: RequestInit): Promise<Response>;
  /** Takes other keys for the same models. False where more than keys differs. */
  replace(next: ModelsSettings): boolean;
}

interface Keyed {
  url: string;
  /** As the model was made with. */
  given: string;
  key: string;
}

export function createModelKeys(first: ModelsSettings, egress: Pick<Egress, 'fetch'>): ModelKeys {
  const models = keyedIn(first);
  const print = withoutKeys(first);

  return {
    async fetch(url, init = {}) {
      const headers = new Headers(init.headers);
      const sent = headers.get('authorization');
      const model = models.find(({ url: base, given }) => sent === `Bearer ${given}` && isBelow(url, base));
      if (model) headers.set('authorization', `Bearer ${model.key}`);
      if (headers.get('authorization')?.includes(unresolvedMark))
        throw SecretUnavailable({ reason: 'the key of the model was not given by the vault' });
      return egress.fetch(url, { ...init, headers, guarded: false }); // its endpoint stands in the operator's file
    },
    replace(next) {
      if (withoutKeys(next) !== print) return false;
      const keys = keyedIn(next);
      for (const [index, model] of models.entries()) model.key = keys[index]?.key ?? model.key;
      return true;
    },
  };
}

function all({ embedding, embeddings, reranker, chat }: ModelsSettings): unknown[] {
  const named = Object.keys(embeddings).sort();
  return [embedding, ...named.map((name) => embeddings[name]), reranker, chat];
}

function keyedIn(settings: ModelsSettings): Keyed[] {
  return all(settings).flatMap((model) => {
    if (typeof model !== 'object' || model === null || !('apiKey' in model) || !('url' in model)) return [];
    return typeof model.apiKey === 'string' ? [{ url: String(model.url), given: model.apiKey, key: model.apiKey }] : [];
  });
}

function withoutKeys(settings: ModelsSettings): string {
  const names = Object.keys(settings.embeddings).sort();
  return canonicalJson([
    names,
    ...all(settings).map((model) => {
      const hasKey = typeof model === 'object' && model !== null && 'apiKey' in model && model.apiKey !== undefined;
      return hasKey ? { ...model, apiKey: '' } : (model ?? null);
    }),
  ]);
}

function isBelow(url: string | URL, base: string): boolean {
  return String(url).startsWith(base.replace(/\/+$/, ''));
}
