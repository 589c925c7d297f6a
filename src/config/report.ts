import type { ConfigDocument } from './document.ts';
import { type Fault, type Path, renderFault } from './faults.ts';
import type { Given } from './options.ts';

/** Whether nothing at a place, above it or below it is at fault: if there is, what stands there is but a default. */
export type IsSound = (path: Path) => boolean;

export interface Report {
  /** Faults of the file, by their places in it. */
  add(faults: readonly Fault[]): void;
  /** Faults that have no place in the file. */
  say(...texts: readonly string[]): void;
  isSound: IsSound;
  /** Everything said, once. */
  all(): string[];
}

interface Sources {
  document: ConfigDocument;
  /** Name of the file. */
  name: string;
  /** Why there is no document. */
  unread?: string | undefined;
  fromEnv: Given;
  fromLine: Given;
}

/** Collects what is wrong with the settings. What is given outside the file beats it, and so do its faults. */
export function createReport({ document, name, unread, fromEnv, fromLine }: Sources): Report {
  const texts = new Set<string>();
  const faulty: Path[] = [];
  const isGiven = (key: PropertyKey | undefined) =>
    key !== undefined && (Object.hasOwn(fromEnv.values, key) || Object.hasOwn(fromLine.values, key));

  const report: Report = {
    add(faults) {
      for (const fault of faults) {
        texts.add(renderFault({ line: document.lineOf(fault.path), ...fault }, name));
        const [section, key] = fault.path;
        if (section !== 'server' || !isGiven(key)) faulty.push(fault.path);
      }
    },
    say(...more) {
      for (const text of more) texts.add(text);
    },
    isSound: (path) => !faulty.some((each) => leadsTo(each, path) || leadsTo(path, each)),
    all: () => [...texts],
  };

  if (unread !== undefined) {
    report.say(unread);
    faulty.push([]);
  }
  report.add(document.faults);
  report.say(...[...fromEnv.faults, ...fromLine.faults].map((fault) => renderFault(fault, name)));
  for (const key of fromEnv.faulty) if (!Object.hasOwn(fromLine.values, key)) faulty.push(['server', key]);
  for (const key of fromLine.faulty) faulty.push(['server', key]);
  return report;
}

function leadsTo(path: Path, deeper: Path): boolean {
  return path.length <= deeper.length && path.every((step, index) => step === deeper[index]);
}
