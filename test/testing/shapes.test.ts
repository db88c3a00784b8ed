import type { Models } from 'purecloud-platform-client-v2';
import { expectTypeOf, it } from 'vitest';
import type {
  BulkResponse,
  ConversationDetail,
  DetailsJobAvailability,
  DetailsJobCreated,
  DetailsJobResults,
  DetailsJobStatus,
  DetailsQueryResponse,
  GenesysErrorBody,
  ListContact,
} from '../../src/testing/index.ts';

/** The fields of the first type that the second type lacks. Assignability does not detect them. */
type Unknown<Ours, Theirs> =
  Ours extends ReadonlyArray<infer Our>
    ? Theirs extends ReadonlyArray<infer Their>
      ? Unknown<Our, Their>
      : 'not an array'
    : Ours extends object
      ?
          | Exclude<keyof Ours, keyof Theirs>
          | {
              [K in keyof Ours & keyof Theirs]-?: Unknown<NonNullable<Ours[K]>, NonNullable<Theirs[K]>>;
            }[keyof Ours & keyof Theirs]
      : never;

it('every wire type matches the published model of the vendor, without additional fields', () => {
  expectTypeOf<ConversationDetail>().toExtend<Models.AnalyticsConversationWithoutAttributes>();
  expectTypeOf<ConversationDetail>().toExtend<Models.AnalyticsConversation>();
  expectTypeOf<DetailsQueryResponse>().toExtend<Models.AnalyticsConversationQueryResponse>();
  expectTypeOf<DetailsJobCreated>().toExtend<Models.AsyncQueryResponse>();
  expectTypeOf<DetailsJobStatus>().toExtend<Models.AsyncQueryStatus>();
  expectTypeOf<DetailsJobResults>().toExtend<Models.AnalyticsConversationAsyncQueryResponse>();
  expectTypeOf<DetailsJobAvailability>().toExtend<Models.DataAvailabilityResponse>();
  expectTypeOf<ListContact>().toExtend<Models.DialerContact>();
  expectTypeOf<BulkResponse>().toExtend<Models.BulkContactsResponse>();
  expectTypeOf<GenesysErrorBody>().toExtend<Models.ErrorBody>();

  expectTypeOf<Unknown<ConversationDetail, Models.AnalyticsConversationWithoutAttributes>>().toBeNever();
  expectTypeOf<Unknown<DetailsQueryResponse, Models.AnalyticsConversationQueryResponse>>().toBeNever();
  expectTypeOf<Unknown<DetailsJobCreated, Models.AsyncQueryResponse>>().toBeNever();
  expectTypeOf<Unknown<DetailsJobStatus, Models.AsyncQueryStatus>>().toBeNever();
  expectTypeOf<Unknown<DetailsJobResults, Models.AnalyticsConversationAsyncQueryResponse>>().toBeNever();
  expectTypeOf<Unknown<ListContact, Models.DialerContact>>().toBeNever();
  expectTypeOf<Unknown<BulkResponse, Models.BulkContactsResponse>>().toBeNever();
});

it("the vendor's request types contain the fields that the simulator reads", () => {
  const query: Models.ConversationQuery = {
    interval: 'a/b',
    order: 'asc',
    paging: { pageSize: 100, pageNumber: 1 },
  };
  const job: Models.AsyncConversationQuery = { interval: 'a/b', startOfDayIntervalMatching: true };
  const bulk: Models.BulkContactsRequest = { entities: [{ firstName: 'A' }] };
  expectTypeOf(query).toHaveProperty('interval').toEqualTypeOf<string>();
  expectTypeOf(job).toHaveProperty('startOfDayIntervalMatching');
  expectTypeOf(bulk).toHaveProperty('entities');
});
