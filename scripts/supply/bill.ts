import { type Locked, shipped } from './licences.ts';

/** As much of a CycloneDX document as is touched here. */
export interface Bill {
  components: { 'bom-ref': string; name: string; version: string }[];
  dependencies?: { ref: string; dependsOn?: string[] }[];
  metadata?: { component?: { 'bom-ref': string } };
}

/** Of a bill of all that is locked that of what is shipped, and what should stand in it and does not. */
export function billOf(all: Bill, packages: Readonly<Record<string, Locked>>): { document: Bill; missing: string[] } {
  const wanted = new Set(
    shipped(packages).map(([path, { version }]) => `${path.replace(/^.*node_modules\//, '')}@${version}`),
  );
  const components = all.components.filter(({ name, version }) => wanted.has(`${name}@${version}`));
  const listed = new Set(components.map(({ name, version }) => `${name}@${version}`));
  const refs = new Set([...components.map((each) => each['bom-ref']), all.metadata?.component?.['bom-ref'] ?? '']);
  const dependencies = all.dependencies
    ?.filter(({ ref }) => refs.has(ref))
    .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((each) => refs.has(each)) }));
  return {
    document: { ...all, components, ...(dependencies ? { dependencies } : {}) },
    missing: [...wanted].filter((each) => !listed.has(each)),
  };
}
