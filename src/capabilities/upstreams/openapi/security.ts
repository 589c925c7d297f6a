import { isObject, type JsonObject } from '../../../kernel/json.ts';
import { type ApiDocument, shown } from './document.ts';
import { ImportFault } from './faults.ts';
import type { SecretPlan } from './plan.ts';

/** What the settings give, by names alone. */
export interface Given {
  /** Names of security schemes with a value. */
  secrets: ReadonlySet<string>;
  /** Names of headers that are always sent, in lower case. */
  headers: ReadonlySet<string>;
}

/** Says for each operation which secrets go with it. */
export interface Security {
  /** Throws `ImportFault` where the operation needs one that is not given. */
  planFor(operation: JsonObject): SecretPlan[];
  /** Given, and of no scheme of the document. */
  unknown: string[];
  /** Where every given secret goes, such as `header x-key` and `query key`; headers in lower case. */
  places: ReadonlySet<string>;
}

type Covered = { plan: SecretPlan[] } | { missing: string };

export function createSecurity(document: ApiDocument, given: Given): Security {
  const components = isObject(document.root.components) ? document.root.components : {};
  const schemes = isObject(components.securitySchemes) ? components.securitySchemes : {};
  const everything = [...given.secrets].flatMap((name) => {
    const plan = Object.hasOwn(schemes, name) ? planOf(document, name, schemes[name]) : undefined;
    return plan ? [plan] : [];
  });

  const cover = (name: string): Covered => {
    const plan = Object.hasOwn(schemes, name) ? planOf(document, name, schemes[name]) : undefined;
    if (!plan) return { missing: `${shown(name)}, which is of no kind that is known` };
    if (given.secrets.has(name)) return { plan: [plan] };
    // Whoever sets the header by hand needs no secret for it.
    return plan.place === 'header' && given.headers.has(plan.name) ? { plan: [] } : { missing: shown(name) };
  };

  return {
    unknown: [...given.secrets].filter((name) => !Object.hasOwn(schemes, name)),
    places: new Set(everything.map(({ place, name }) => `${place} ${name}`)),
    planFor(operation) {
      const wanted = operation.security ?? document.root.security;
      // A document that nowhere says what needs which secret cannot mean that the given ones are for nothing.
      if (wanted === undefined) return everything;
      const alternatives = (Array.isArray(wanted) ? wanted : []).map((each) => Object.keys(isObject(each) ? each : {}));
      if (alternatives.length === 0) return [];
      const missing: string[] = [];
      // The one that needs nothing comes last: a secret that is given is meant to be used.
      for (const names of alternatives.toSorted((a, b) => Number(b.length > 0) - Number(a.length > 0))) {
        const covered = names.map(cover);
        const lacking = covered.flatMap((each) => ('missing' in each ? [each.missing] : []));
        if (lacking.length === 0) return covered.flatMap((each) => ('plan' in each ? each.plan : []));
        missing.push(lacking.join(' and '));
      }
      throw new ImportFault('a secret that is not given', `it needs ${missing.join(', or ')} under secrets`);
    },
  };
}

function planOf(document: ApiDocument, scheme: string, raw: unknown): SecretPlan | undefined {
  const { value } = document.resolve(raw);
  if (!isObject(value)) return undefined;
  const authorization = { scheme, place: 'header', name: 'authorization' } as const;
  if (value.type === 'apiKey') return apiKey(scheme, value);
  if (value.type === 'oauth2' || value.type === 'openIdConnect') return { ...authorization, format: 'bearer' };
  if (value.type !== 'http') return undefined;
  const kind = String(value.scheme).toLowerCase();
  if (kind === 'basic' || kind === 'bearer') return { ...authorization, format: kind };
  return { ...authorization, format: 'plain' }; // the value then says scheme and all
}

function apiKey(scheme: string, value: Record<string, unknown>): SecretPlan | undefined {
  const { name, in: place } = value;
  if (typeof name !== 'string' || name === '') return undefined;
  if (place === 'header') return { scheme, place, name: name.toLowerCase(), format: 'plain' };
  return place === 'query' || place === 'cookie' ? { scheme, place, name, format: 'plain' } : undefined;
}
