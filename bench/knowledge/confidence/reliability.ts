/** What was said with how much confidence, and whether it held. */
export interface Said {
  confidence: number;
  held: boolean;
  weight: number;
}

const bins = 10;

/** The chance that what held was said with more confidence than what did not. */
export function auc(said: readonly Said[]): number {
  const sorted = said.toSorted((a, b) => a.confidence - b.confidence);
  let below = 0;
  let won = 0;
  for (let start = 0, end = 0; start < sorted.length; start = end) {
    while (end < sorted.length && sorted[end]?.confidence === sorted[start]?.confidence) end++;
    const same = sorted.slice(start, end);
    const not = weightOf(same.filter(({ held }) => !held));
    won += weightOf(same.filter(({ held }) => held)) * (below + not / 2);
    below += not;
  }
  return won / (below * weightOf(said.filter(({ held }) => held)));
}

/** Mean squared distance from 1 of what held, and from 0 of what did not (Brier, 1950). */
export const brier = (said: readonly Said[]): number =>
  said.reduce((sum, { confidence, held, weight }) => sum + weight * (confidence - (held ? 1 : 0)) ** 2, 0) /
  weightOf(said);

export interface Bin {
  from: number;
  said: number;
  held: number;
  count: number;
  weight: number;
}

export function reliability(said: readonly Said[]): Bin[] {
  return Array.from({ length: bins }, (_, at) => {
    const within = said.filter(({ confidence }) => Math.min(bins - 1, Math.floor(confidence * bins)) === at);
    const weight = weightOf(within);
    const mean = (of: (one: Said) => number) =>
      within.reduce((sum, one) => sum + one.weight * of(one), 0) / (weight || 1);
    return {
      from: at / bins,
      said: mean((one) => one.confidence),
      held: mean((one) => (one.held ? 1 : 0)),
      count: within.length,
      weight,
    };
  });
}

/** Expected calibration error: how far what was said is from how often it held, over ten steps. */
export const ece = (said: readonly Said[]): number =>
  reliability(said).reduce((sum, bin) => sum + bin.weight * Math.abs(bin.said - bin.held), 0) / weightOf(said);

export interface Abstention {
  /** Of what was declined, the part that rightly was. */
  precision: number;
  /** Of what should have been declined, the part that was. */
  recall: number;
  /** Of what could be answered, the part that was declined all the same. */
  lost: number;
}

export function abstention(said: readonly Said[], threshold: number): Abstention {
  const declined = said.filter(({ confidence }) => confidence < threshold);
  const rightly = weightOf(declined.filter(({ held }) => !held));
  const answerable = weightOf(said.filter(({ held }) => held));
  return {
    precision: rightly / weightOf(declined),
    recall: rightly / weightOf(said.filter(({ held }) => !held)),
    lost: (weightOf(declined) - rightly) / answerable,
  };
}

const weightOf = (said: readonly Said[]): number => said.reduce((sum, { weight }) => sum + weight, 0);
