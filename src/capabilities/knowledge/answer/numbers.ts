/** A number as it stands in a text. */
export interface NumberFound {
  /** As written. */
  text: string;
  /** All that it may mean: 1.000 is a thousand or one, by who writes it. */
  forms: ReadonlySet<string>;
  /** Its unit in one spelling, where it has one that is known. */
  unit?: string;
  /** Where it begins. */
  at: number;
}

// By their spellings in English, German, French and Spanish.
const units: Record<string, string> = {
  ms: 'ms milliseconds millisecond millisekunden millisekunde millisecondes milliseconde milisegundos milisegundo',
  s: 's sec secs second seconds sekunde sekunden seconde secondes segundo segundos',
  min: 'min mins minute minutes minuten minuto minutos',
  h: 'h hr hrs hour hours stunde stunden heure heures hora horas',
  d: 'd day days tag tage tagen jour jours día días',
  week: 'week weeks woche wochen semaine semaines semana semanas',
  month: 'month months monat monate monaten mois mes meses',
  year: 'year years jahr jahre jahren ans année années año años',
  '%': '% percent prozent pourcent',
  b: 'b byte bytes octets octet',
  kb: 'kb kilobyte kilobytes',
  mb: 'mb megabyte megabytes',
  gb: 'gb gigabyte gigabytes',
  tb: 'tb terabyte terabytes',
  kib: 'kib',
  mib: 'mib',
  gib: 'gib',
  eur: '€ eur euro euros',
  usd: '$ usd dollar dollars',
  gbp: '£ gbp pound pounds',
  mm: 'mm',
  cm: 'cm',
  m: 'm metre metres meter meters metros metro mètre mètres',
  km: 'km kilometer kilometers kilometre kilometres kilómetros kilomètres',
  kg: 'kg kilogram kilograms kilogramm kilogramme kilos',
  kn: 'kn',
};
const unitOf = new Map(Object.entries(units).flatMap(([unit, words]) => words.split(' ').map((word) => [word, unit])));

// Without what means something else in another of the languages.
const words: Record<string, string> = {
  '2': 'two zwei deux dos',
  '3': 'three drei trois tres',
  '4': 'four vier quatre cuatro',
  '5': 'five fünf cinq cinco',
  '6': 'six sechs seis',
  '7': 'seven sieben sept siete',
  '8': 'eight acht huit ocho',
  '9': 'nine neun nueve',
  '10': 'ten zehn dix diez',
  '11': 'eleven elf onze',
  '12': 'twelve zwölf douze doce',
  '20': 'twenty zwanzig vingt veinte',
  '30': 'thirty dreißig trente treinta',
  '100': 'hundred hundert cent cien',
  '1000': 'thousand tausend mille mil',
};
const valueByWord = new Map(
  Object.entries(words).flatMap(([value, names]) => names.split(' ').map((word) => [word, value])),
);

/** Articles as well, so that they count before a unit only. */
const one = new Set('one ein eine einen einem einer un une una uno'.split(' '));

const written =
  /(?<![\p{L}_][-–])(?<![\p{L}\p{N}_])(?<sign>(?<=^|[\s(])[-−])?v?(?<digits>\d+(?:[.,:’']\d+|[\u00a0\u202f ]\d{3}(?!\d))*)(?=(?<after>[\s\u00a0\u202f-]?(?:\p{L}+|[%€$£]))?)/giu;
const wordsWritten = /(?<![\p{L}\p{N}_])(?<word>\p{L}{2,8})(?![\p{L}\p{N}_])(?=(?<after>[\s-](?:\p{L}+|%))?)/gu;

/** The numbers of a text, in digits or, up to twelve and some more, in words. */
export function numbersOf(text: string): NumberFound[] {
  const found: NumberFound[] = [];
  for (const { index, groups } of text.matchAll(written)) {
    const digits = groups?.digits ?? '';
    const unit = unitAt(groups?.after) ?? unitOf.get(text[index - 1] ?? '');
    const sign = groups?.sign ? '-' : '';
    found.push({
      ...{ text: digits, at: index },
      forms: new Set([...formsOf(digits)].map((form) => `${sign}${form}`)),
      ...(unit === undefined ? {} : { unit }),
    });
  }
  for (const { index, groups } of text.matchAll(wordsWritten)) {
    const word = (groups?.word ?? '').toLowerCase();
    const unit = unitAt(groups?.after);
    const value = valueByWord.get(word) ?? (one.has(word) && unit !== undefined ? '1' : undefined);
    if (value === undefined) continue;
    found.push({ text: word, at: index, forms: new Set([value]), ...(unit === undefined ? {} : { unit }) });
  }
  return found;
}

/** Whether one of those is the same number, and has the same unit or leaves it to what stands around it. */
export function isAmong(
  number: NumberFound,
  others: readonly NumberFound[],
  isNamed: (unit: string) => boolean,
): boolean {
  return others.some(
    ({ forms, unit }) =>
      [...number.forms].some((form) => forms.has(form)) &&
      (number.unit === undefined || unit === number.unit || (unit === undefined && isNamed(number.unit))),
  );
}

export function isNumber(word: string): boolean {
  return /^\d/.test(word) || valueByWord.has(word);
}

/** Every spelling of a unit. */
export function spellingsOf(unit: string): string[] {
  return units[unit]?.split(' ') ?? [];
}

/** Days of the week and months; not `march` and `may`, which are verbs and, as names, found with those. */
const calendar = new Set(
  ['en', 'de', 'fr', 'es'].flatMap((language) => {
    const inWords = (options: Intl.DateTimeFormatOptions, at: number, ofDays: boolean) =>
      new Intl.DateTimeFormat(language, { ...options, timeZone: 'UTC' }).format(
        Date.UTC(2024, ofDays ? 0 : at, ofDays ? at + 1 : 1),
      );
    return [
      ...Array.from({ length: 12 }, (_, at) => inWords({ month: 'long' }, at, false)),
      ...Array.from({ length: 7 }, (_, at) => inWords({ weekday: 'long' }, at, true)),
    ].map((name) => name.toLowerCase());
  }),
);
for (const word of ['march', 'may']) calendar.delete(word);

/** The days of the week and months that a text names, without the plural. */
export function datesOf(text: string): string[] {
  const words = text.toLowerCase().match(/\p{L}+/gu) ?? [];
  return words.flatMap((word) => {
    const known = calendar.has(word) ? word : calendar.has(word.replace(/s$/, '')) ? word.replace(/s$/, '') : undefined;
    return known === undefined ? [] : [known.replace(/s$/, '')];
  });
}

function unitAt(after: string | undefined): string | undefined {
  return after === undefined ? undefined : unitOf.get(after.replace(/^[\s\u00a0\u202f-]/u, '').toLowerCase());
}

function formsOf(digits: string): Set<string> {
  const forms = new Set([digits.replace(/^0+(?=\d)/, '')]);
  if (/^\d{1,3}(?:[.,’'\u00a0\u202f ]\d{3})+$/.test(digits)) forms.add(digits.replace(/\D/g, ''));
  const mixed = /^(\d{1,3}(?:[.,’'\u00a0\u202f ]\d{3})+)([.,])(\d+)$/.exec(digits);
  if (mixed) forms.add(decimal(String(mixed[1]).replace(/\D/g, ''), String(mixed[3])));
  const simple = /^(\d+)[.,](\d+)$/.exec(digits);
  if (simple) forms.add(decimal(String(simple[1]), String(simple[2])));
  return forms;
}

function decimal(whole: string, part: string): string {
  const rest = part.replace(/0+$/, '');
  return rest === '' ? whole.replace(/^0+(?=\d)/, '') : `${whole.replace(/^0+(?=\d)/, '')}.${rest}`;
}
