import { type Catalog, type EndpointSelection, type EndpointView, viewOf } from '../capabilities/catalog/index.ts';
import type { EndpointChoice, Presentation } from '../config/schema.ts';
import type { FairleadError } from '../kernel/errors.ts';
import type { OrgId } from '../kernel/principal.ts';
import { UnknownEndpoint } from './errors.ts';

/** Who knows the named endpoints of an organisation, however they came to be. */
export interface EndpointBook {
  /** Another tenant's are not there. */
  find(org: OrgId, name: string): EndpointChoice | undefined;
  names(org: OrgId): readonly string[];
  /** How tools are shown at the plain endpoint, which selects none. */
  plain(): Presentation;
}

export interface Endpoints {
  /** What an organisation has behind an endpoint; throws `UnknownEndpoint`, also for another tenant's. */
  view(org: OrgId, name: string | undefined): EndpointView;
  /** What models are to read about it first. */
  instructions(org: OrgId, name: string | undefined): string | undefined;
  /** With the names of those that are there: none of another organisation's. */
  unknown(org: OrgId, name: string): FairleadError;
}

export interface EndpointsDeps {
  catalog: Pick<Catalog, 'snapshot'>;
  book: EndpointBook;
}

export function createEndpoints({ catalog, book }: EndpointsDeps): Endpoints {
  let plainSelection: { of: Presentation; selection: EndpointSelection } | undefined;

  const unknown = (org: OrgId, name: string) => {
    const others = book.names(org).filter((other) => other !== name);
    const known = others.length === 0 ? '' : `, or one of these: ${others.sort().join(', ')}`;
    return UnknownEndpoint({ name: name.slice(0, 100), others: known });
  };

  /** The same object for the same settings: views are kept by it. */
  const selectionOf = (org: OrgId, name: string | undefined): EndpointSelection & Presentation => {
    if (name === undefined) {
      const of = book.plain();
      if (plainSelection?.of !== of) plainSelection = { of, selection: { ...of, naming: 'prefixed' } };
      return plainSelection.selection as EndpointSelection & Presentation;
    }
    const found = book.find(org, name);
    if (!found) throw unknown(org, name);
    return found;
  };

  return {
    view: (org, name) => viewOf(catalog.snapshot(org), selectionOf(org, name)),
    instructions: (org, name) => selectionOf(org, name).instructions,
    unknown,
  };
}
