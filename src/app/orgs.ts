import type {
  ApprovalsSettings,
  BudgetSettings,
  EndpointSettings,
  IssuerSettings,
  LimitSettings,
  SsoProviderSettings,
} from '../config/schema.ts';
import { defaultOrg, type OrgId } from '../kernel/principal.ts';

/** What names organisations: endpoints, upstreams and collections by their names, and issuers. */
export interface Naming {
  endpoints: Record<string, Pick<EndpointSettings, 'org'>>;
  upstreams: Record<string, { org: OrgId }>;
  collections: Readonly<Record<string, { org: OrgId }>>;
  issuers: readonly Pick<IssuerSettings, 'org'>[];
  /** Of single sign-on. */
  providers: Readonly<Record<string, Pick<SsoProviderSettings, 'org'>>>;
  limits: readonly Pick<LimitSettings, 'org'>[];
  events: { destinations: Readonly<Record<string, { org: OrgId }>>; sources: Readonly<Record<string, { org: OrgId }>> };
  /** Who decides on calls. */
  approvals: readonly Pick<ApprovalsSettings['rules'][number], 'org'>[];
  budgets: readonly Pick<BudgetSettings, 'org'>[];
}

export interface MissingOrg {
  org: OrgId;
  /** Where it is named, and what to do. */
  text: string;
}

/** Organisations that something is declared for, beside the default one, which there always is. */
export function namedOrgs({
  endpoints,
  upstreams,
  collections,
  issuers,
  providers,
  limits,
  events,
  approvals,
  budgets,
}: Naming): { org: OrgId; place: string }[] {
  return [
    ...Object.entries(endpoints).map(([name, { org }]) => ({ org, place: `endpoints.${name}.org` })),
    ...Object.entries(upstreams).map(([name, { org }]) => ({ org, place: `upstreams.${name}.org` })),
    ...Object.entries(collections).map(([name, { org }]) => ({ org, place: `knowledge.collections.${name}.org` })),
    ...Object.entries(providers).map(([name, { org }]) => ({ org, place: `auth.sso.${name}.org` })),
    ...issuers.map(({ org }, index) => ({ org, place: `auth.issuers[${index}].org` })),
    ...Object.entries(events.destinations).map(([name, { org }]) => ({
      org,
      place: `events.destinations.${name}.org`,
    })),
    ...Object.entries(events.sources).map(([name, { org }]) => ({ org, place: `events.sources.${name}.org` })),
    ...limits.map(({ org = defaultOrg }, index) => ({ org, place: `limits[${index}].org` })),
    ...approvals.map(({ org = defaultOrg }, index) => ({ org, place: `approvals.rules[${index}].org` })),
    ...budgets.map(({ org = defaultOrg }, index) => ({ org, place: `budgets[${index}].org` })),
  ].filter(({ org }) => org !== defaultOrg);
}

/** What is declared for organisations that do not exist: nobody can use it. */
export function missingOrgs(naming: Naming, exists: (org: OrgId) => boolean): MissingOrg[] {
  return namedOrgs(naming)
    .filter(({ org }) => !exists(org))
    .map(({ org, place }) => ({
      org,
      text: `${place}: there is no organisation ${org}; \`fairlead orgs create ${org}\` makes it`,
    }));
}
