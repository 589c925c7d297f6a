import { type LimitChoice, type LimitDimension, type LimitPeriod, periodSeconds } from '../../config/schema.ts';
import type { Call } from '../../kernel/call.ts';
import { isMeant, keyPart, toolsMeant } from '../../kernel/selection.ts';
import type { Tool } from '../../kernel/tool.ts';
import { type Demand, windowSlots } from './counters/counters.ts';

/** What a rule looks at. */
export type Limitable = Pick<Call, 'principal' | 'endpoint' | 'clientAddress'> & {
  tool: Pick<Tool, 'id' | 'toolset'>;
};

/** One way in which a rule limits. */
export interface Meter {
  kind: Demand['kind'];
  /** In refusals and headers: the rule's name, and the kind where the rule has several. */
  label: string;
  limit: number;
  periodSeconds?: number;
  /** Without what is counted apart. */
  demand: Demand;
}

/** A rule that calls can be held against. */
export interface Rule {
  name: string;
  settings: LimitChoice;
  isFromFile: boolean;
  meters: readonly Meter[];
  /** As agents read it beside a tool that it concerns. */
  words: string;
  covers(call: Limitable): boolean;
  /** Whether it can cover calls of this tool by somebody, somewhere. */
  concerns(tool: Limitable['tool']): boolean;
  /** What the calls that count together with this one have in common; the end of their counters' keys. */
  partOf(call: Limitable): string;
}

/** A call that runs renews its lease three times in that time. */
export const leaseMs = 15_000;

export function compileRule(name: string, settings: LimitChoice, isFromFile: boolean): Rule {
  const { for: callers, of: targets, by } = settings;
  const concerns = toolsMeant(targets);
  const endpoints = targets?.endpoints;
  const meters = metersOf(name, settings);
  return {
    name,
    settings,
    isFromFile,
    meters,
    words: inWords(name, settings, meters),
    concerns,
    covers: (call) =>
      concerns(call.tool) &&
      (endpoints === undefined || (call.endpoint !== undefined && endpoints.includes(call.endpoint))) &&
      isMeant(callers, call.principal),
    partOf: (call) => by.map((dimension) => `|${dimension}=${part(dimension, call)}`).join(''),
  };
}

function metersOf(name: string, { rate, window, concurrency }: LimitChoice): Meter[] {
  const meters: Meter[] = [];
  if (rate) {
    const seconds = periodSeconds[rate.per];
    const costUs = Math.ceil((seconds * 1_000_000) / rate.limit);
    const demand = { kind: 'rate', key: `${name}/rate${seconds}`, costUs, burst: rate.burst ?? rate.limit } as const;
    meters.push({ kind: 'rate', label: name, limit: rate.limit, periodSeconds: seconds, demand });
  }
  if (window) {
    const seconds = periodSeconds[window.per];
    const slotUs = Math.ceil((seconds * 1_000_000) / windowSlots);
    const demand = { kind: 'window', key: `${name}/window${seconds}`, limit: window.limit, slotUs } as const;
    meters.push({ kind: 'window', label: name, limit: window.limit, periodSeconds: seconds, demand });
  }
  if (concurrency !== undefined) {
    const leaseUs = leaseMs * 1_000;
    const demand = { kind: 'concurrency', key: `${name}/concurrency`, limit: concurrency, leaseUs } as const;
    meters.push({ kind: 'concurrency', label: name, limit: concurrency, demand });
  }
  return meters.length === 1 ? meters : meters.map((meter) => ({ ...meter, label: `${name}.${meter.kind}` }));
}

function part(dimension: LimitDimension, { principal, tool, endpoint, clientAddress }: Limitable): string {
  switch (dimension) {
    case 'principal':
      return keyPart(principal.id);
    case 'tool':
      return keyPart(tool.id);
    case 'toolset':
      return tool.toolset;
    case 'endpoint':
      return endpoint ?? '';
    case 'address':
      return clientAddress === undefined ? '' : keyPart(networkOf(clientAddress));
  }
}

/** One who has a network of IPv6 has more addresses than can be counted: they count as the /64 that they share. */
function networkOf(address: string): string {
  if (!address.includes(':') || address.startsWith('::ffff:')) return address;
  const [before = '', after] = address.split('%')[0]?.split('::') ?? [];
  const groups = before.split(':').filter(Boolean);
  const last = after === undefined ? [] : after.split(':').filter(Boolean);
  const zeros = Array.from({ length: Math.max(0, 8 - groups.length - last.length) }, () => '0');
  return `${[...groups, ...zeros, ...last].slice(0, 4).join(':')}::/64`;
}

const each: Record<LimitDimension, string> = {
  principal: 'for each caller',
  tool: 'for each tool',
  toolset: 'for each toolset',
  endpoint: 'at each endpoint',
  address: 'from each address',
};

/** Of one meter, such as `60 calls a minute`. */
export function amountInWords({ kind, limit, demand }: Meter, { rate, window }: LimitChoice): string {
  const calls = limit === 1 ? '1 call' : `${limit} calls`;
  const per = (period: LimitPeriod | undefined) => (period === 'hour' ? 'an hour' : `a ${period}`);
  if (kind === 'concurrency') return `${calls} at once`;
  if (demand.kind !== 'rate') return `${calls} in any ${window?.per}`;
  return `${calls} ${per(rate?.per)}${demand.burst === limit ? '' : `, ${demand.burst} at once after a rest`}`;
}

function inWords(name: string, settings: LimitChoice, meters: readonly Meter[]): string {
  const amounts = meters.map((meter) => amountInWords(meter, settings)).join('; ');
  const { by, for: callers, of: targets } = settings;
  const apart = by.map((dimension) => each[dimension]);
  const some = callers ? 'for some callers' : undefined;
  const at = targets?.endpoints
    ? `at ${targets.endpoints.map((endpoint) => `/mcp/${endpoint}`).join(', ')}`
    : undefined;
  const shared = by.length === 0 ? 'of all callers together' : undefined;
  return [`${amounts}`, ...apart, shared, some, at, `(limit ${name})`].filter(Boolean).join(' ');
}
