/** A reference as it is written, `${kind:name}`, taken apart. */
export interface Reference {
  kind: string;
  name: string;
}

/** What a reference stands for now, or why that cannot be told. Neither a fault nor a file's path holds a value. */
export type Found = { value: string; file?: string } | { fault: string; file?: string; away?: true };

export type LookUp = (reference: Reference) => Found;

/** As people know it: `vault:team/crm#token`. */
export function nameOf({ kind, name }: Reference): string {
  return `${kind}:${name}`;
}

/** Where a value is in a vault. */
export interface VaultPlace {
  /** Path of its secret: below the mount, or from the root of the API where it begins with `/`. */
  path: string;
  key: string;
}

const segment = /^[\w .@+=~:,-]{1,255}$/;
const maxNameLength = 1_024;

/** Takes `path#key` apart; undefined where it is neither that nor harmless in a URL. */
export function vaultPlace(name: string): VaultPlace | undefined {
  const at = name.lastIndexOf('#');
  const [path, key] = [name.slice(0, at), name.slice(at + 1)];
  if (at < 1 || key === '' || name.length > maxNameLength || !isVaultPath(path)) return undefined;
  return { path, key };
}

/** Whether every part of it names something: what `..` and the like lead to, a list of allowed paths could not tell. */
export function isVaultPath(path: string): boolean {
  return path
    .replace(/^\//, '')
    .split('/')
    .every((part) => segment.test(part) && part !== '.' && part !== '..');
}
