/** What a new server is called and by what it is made. */
export interface NewServer {
  /** `namespace/name`, as registries have it. */
  name: string;
  title: string;
  /** At most 100 characters. */
  description: string;
  /** SPDX identifier. */
  licence: string;
  /** Ranges of versions. */
  dependencies: Readonly<Record<'@modelcontextprotocol/server' | 'zod', string>>;
  devDependencies: Readonly<Record<'@types/node' | 'typescript', string>>;
}

/** What comes after the namespace, which is also the name of the package and of its program. */
export function shortName({ name }: Pick<NewServer, 'name'>): string {
  return name.slice(name.indexOf('/') + 1).toLowerCase();
}
