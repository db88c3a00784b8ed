export type { ImportedContact } from './contacts.ts';
export type { SimulatorCounts } from './counts.ts';
export type { Fault, FaultKind, FaultRequest, FaultStep, Faults, ScheduledFault } from './faults.ts';
export type { SimulatorOptions } from './options.ts';
export type { SeenRequest } from './request-log.ts';
export { startVendorSimulator, type VendorSimulator } from './simulator.ts';
export { type StoreContractCase, tokenStoreContract } from './store-contract.ts';
export type { Lateness } from './timeline.ts';
export type {
  BulkResponse,
  BulkResult,
  CompletedContact,
  CompletedContactsResponse,
  ConversationDetail,
  ConversationParticipant,
  ConversationSegment,
  ConversationSession,
  DetailsJobAvailability,
  DetailsJobCreated,
  DetailsJobResults,
  DetailsJobState,
  DetailsJobStatus,
  DetailsQueryResponse,
  GenesysErrorBody,
  ListContact,
  TutorialQueryResponse,
} from './wire-types.ts';
