/** What a resource says in `WWW-Authenticate` about the token that it wants (RFC 6750, 3; RFC 9728, 5.1). */
export interface Challenge {
  error: string | undefined;
  /** Separated by spaces. */
  scope: string | undefined;
  /** Where the metadata of the resource are. */
  resourceMetadata: string | undefined;
}

/** Reads the parameters of the scheme Bearer; those of other schemes beside it are not meant for us. */
export function readChallenge(header: string | undefined): Challenge {
  const parameters = bearerParameters(header ?? '');
  const at = parameters.get('resource_metadata');
  return {
    error: parameters.get('error'),
    scope: parameters.get('scope') || undefined,
    resourceMetadata: at !== undefined && URL.canParse(at) ? at : undefined,
  };
}

function bearerParameters(header: string): Map<string, string> {
  const parameters = new Map<string, string>();
  let isBearer = false;
  // A name before `=` is a parameter, one before a space begins another scheme.
  const token = /([\w!#$%&'*+.^`|~-]+)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))|(?=[\s,]|$))/g;
  for (const [, name = '', quoted, bare] of header.matchAll(token)) {
    const value = quoted?.replace(/\\(.)/g, '$1') ?? bare;
    if (value === undefined) isBearer = name.toLowerCase() === 'bearer';
    else if (isBearer && !parameters.has(name.toLowerCase())) parameters.set(name.toLowerCase(), value);
  }
  return parameters;
}

/** Every scope of all of them once; undefined where there is none. */
export function scopesTogether(...scopes: (string | undefined)[]): string | undefined {
  const all = new Set(scopes.flatMap((scope) => (scope ?? '').split(' ').filter((each) => each !== '')));
  return all.size === 0 ? undefined : [...all].join(' ');
}
