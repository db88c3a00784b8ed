import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type {
  AnalyticsApi,
  AuthorizationApi,
  Models,
  OutboundApi,
  RoutingApi,
  TeamsApi,
  UsersApi,
} from 'purecloud-platform-client-v2';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { GenesysResourceName } from '../../../src/batch/index.ts';
import { GENESYS_RESOURCES, type Resource } from '../../../src/batch/internal.ts';

type Answer<Method> = Method extends (...args: never[]) => Promise<infer Body> ? Body : never;

/** The response of each resource, as the vendor publishes it. */
interface Answers {
  users: Answer<UsersApi['getUsers']>;
  queues: Answer<RoutingApi['getRoutingQueues']>;
  'queue-members': Answer<RoutingApi['getRoutingQueueMembers']>;
  teams: Answer<TeamsApi['getTeams']>;
  'wrapup-codes': Answer<RoutingApi['getRoutingWrapupcodes']>;
  skills: Answer<RoutingApi['getRoutingSkills']>;
  divisions: Answer<AuthorizationApi['getAuthorizationDivisions']>;
  campaigns: Answer<OutboundApi['getOutboundCampaigns']>;
  'messaging-campaigns': Answer<OutboundApi['getOutboundMessagingcampaigns']>;
  'contact-lists': Answer<OutboundApi['getOutboundContactlists']>;
  'user-details': Answer<UsersApi['postAnalyticsUsersDetailsQuery']>;
  'conversation-aggregates': Answer<AnalyticsApi['postAnalyticsConversationsAggregatesQuery']>;
}

type Table = typeof GENESYS_RESOURCES;
type Items<List> = NonNullable<List> extends ReadonlyArray<infer Item> ? Item : never;
type Member<Entry, Name extends string> = Entry extends { readonly [N in Name]: infer Value } ? Value : never;
type Paging = { 'page numbers': 'pageCount'; links: 'nextUri' };

/** The names in the table that the published response does not have. */
type Missing<Name extends GenesysResourceName> = {
  [N in Name]:
    | Exclude<Table[N]['list'] | Member<Table[N], 'total'>, keyof Answers[N]>
    | Exclude<Member<Table[N], 'id'>, keyof Items<Answers[N][Table[N]['list'] & keyof Answers[N]]>>
    | (Table[N] extends { method: 'post' }
        ? never
        : Exclude<Paging[Table[N]['paging'] & keyof Paging], keyof Answers[N]>);
}[Name];

const require = createRequire(import.meta.url);
const SDK = join(
  dirname(require.resolve('purecloud-platform-client-v2/package.json')),
  'src/purecloud-platform-client-v2/api',
);

/** Returns the comment and the body of a method of the vendor's client, such as `UsersApi.getUsers`. */
function methodOf(source: string): string {
  const [api, method] = source.split('.');
  const text = readFileSync(join(SDK, `${api}.js`), 'utf8');
  const at = text.indexOf(`\t${method}(`);
  return text.slice(text.lastIndexOf('/**', at), text.indexOf('\n\t}', at));
}

describe('the table of Genesys Cloud', () => {
  it('has the members of the published responses', () => {
    expectTypeOf<keyof Answers>().toEqualTypeOf<GenesysResourceName>();
    expectTypeOf<Missing<GenesysResourceName>>().toBeNever();
    expectTypeOf<Models.UserDetailsQuery>().toHaveProperty('interval');
    expectTypeOf<Models.PagingSpec>().toHaveProperty('pageNumber');
    expectTypeOf<Models.ConversationAggregationQuery>().toHaveProperty('metrics').toEqualTypeOf<string[]>();
    expectTypeOf<Models.ConversationAggregateDataContainer>().toHaveProperty('data');
    expectTypeOf<Models.StatisticalResponse>().toHaveProperty('interval');
  });

  it.each(Object.entries(GENESYS_RESOURCES))('names the published path and parameters of %s', (_, entry) => {
    const { path, source, method = 'get', paging, pageSize }: Resource = entry;
    const text = methodOf(source);
    expect(text).toContain(`'${path}', \n\t\t\t'${method.toUpperCase()}'`);
    if (method === 'get') expect(text).toContain("'pageSize':");
    if (method === 'get' && paging === 'page numbers') expect(text).toContain("'pageNumber':");
    const [, size] =
      /[Mm]ax (?:value is|that will be returned is) (\d+)/.exec(text) ?? /default to (25)/.exec(text) ?? [];
    if (size !== undefined) expect(pageSize).toBe(Number(size));
  });
});
