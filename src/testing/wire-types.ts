/** One segment of a session, as in the Genesys model `AnalyticsConversationSegment`. */
export interface ConversationSegment {
  segmentStart: string;
  /** Absent while the segment lasts. */
  segmentEnd?: string;
  segmentType: string;
  disconnectType?: string;
  queueId?: string;
  wrapUpCode?: string;
}

/** One medium of a participant, as in the Genesys model `AnalyticsSession`. */
export interface ConversationSession {
  sessionId: string;
  mediaType: string;
  direction: string;
  ani?: string;
  segments: ConversationSegment[];
}

/** One party of a conversation, as in the Genesys model `AnalyticsParticipantWithoutAttributes`. */
export interface ConversationParticipant {
  participantId: string;
  purpose: string;
  userId?: string;
  sessions: ConversationSession[];
}

/** One record of an export, as in the Genesys model `AnalyticsConversationWithoutAttributes`. */
export interface ConversationDetail {
  conversationId: string;
  conversationStart: string;
  /** Absent while the conversation lasts. */
  conversationEnd?: string;
  originatingDirection: string;
  participants: ConversationParticipant[];
}

/** The response of the details query; an empty object after the last page. */
export interface DetailsQueryResponse {
  conversations?: ConversationDetail[];
  totalHits?: number;
}

/** The response of the details query in the form of the tutorial. */
export interface TutorialQueryResponse {
  results: ConversationDetail[];
  /** Absolute URL of the next page; absent on the last page. */
  nextPage?: string;
}

/** The response to a new details job. */
export interface DetailsJobCreated {
  jobId: string;
}

/** The states of a details job. */
export type DetailsJobState = 'QUEUED' | 'PENDING' | 'FAILED' | 'CANCELLED' | 'FULFILLED' | 'EXPIRED';

/** The status of a details job. */
export interface DetailsJobStatus {
  state: DetailsJobState;
  errorMessage?: string;
  expirationDate: string;
  submissionDate: string;
  completionDate?: string;
}

/** One page of the results of a details job. The last page has no `cursor`. */
export interface DetailsJobResults {
  conversations: ConversationDetail[];
  cursor?: string;
  dataAvailabilityDate: string;
}

/** The date up to which details jobs have data. */
export interface DetailsJobAvailability {
  dataAvailabilityDate: string;
}

/** The body of every error of the Genesys API, as in the Genesys model `ErrorBody`. */
export interface GenesysErrorBody {
  message: string;
  code: string;
  status: number;
  messageWithParams: string;
  messageParams: Record<string, string>;
  contextId: string;
  details: Array<{ errorCode?: string; fieldName?: string }>;
  errors: GenesysErrorBody[];
}

/** One imported contact in the response of a contact list, as in the Genesys model `DialerContact`. */
export interface ListContact {
  id: string;
  contactListId: string;
  data: Record<string, string>;
  callable: boolean;
}

/** The outcome of one entity of a bulk call. */
export interface BulkResult {
  id: string;
  success: boolean;
  status: number;
  error?: { code: string; message: string; status: number; retryable: boolean };
}

/** The response of a bulk call, with HTTP 200 even if entities failed. */
export interface BulkResponse {
  results: BulkResult[];
  errorCount: number;
  errorIndexes: number[];
}

/** One completed contact of CXone. */
export interface CompletedContact {
  contactId: number;
  masterContactId: number;
  contactStart: string;
  contactEnd: string;
  lastUpdateTime: string;
  agentId: number;
  skillId: number;
  mediaTypeName: string;
  endReason: string;
  totalDurationSeconds: number;
  abandoned: boolean;
}

/** One page of completed contacts. If there are none, the response is 204 without a body. */
export interface CompletedContactsResponse {
  businessUnitId: number;
  lastPollTime: string;
  totalRecords: number;
  _links: { self: string; next?: string };
  completedContacts: CompletedContact[];
}
