import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createContacts, type ImportedContact } from './contacts.ts';
import { createCounter, type SimulatorCounts } from './counts.ts';
import { completedContactsRoutes } from './cxone-api.ts';
import { createExtractions } from './cxone-extraction.ts';
import { cxoneResourceRoutes } from './cxone-resources.ts';
import { discoveryRoutes } from './discovery.ts';
import { createFaultPlan, type ScheduledFault } from './faults.ts';
import { createDetailsJobs } from './genesys-jobs.ts';
import { detailsQueryRoutes } from './genesys-query.ts';
import { genesysResourceRoutes } from './genesys-resources.ts';
import { createHandler } from './handler.ts';
import type { SimulatorOptions } from './options.ts';
import { createHash } from './random.ts';
import { createDataset } from './records.ts';
import { createRequestLog, type SeenRequest } from './request-log.ts';
import { createRouter } from './router.ts';
import { resolveOptions } from './settings.ts';
import { tokenRoutes } from './token-endpoints.ts';
import { type Audience, createTokenStore } from './tokens.ts';
import type { CompletedContact, ConversationDetail } from './wire-types.ts';
import type { World } from './world.ts';

/** A running simulator of both vendors. */
export interface VendorSimulator extends AsyncDisposable {
  /** Base URL of login and API, without a trailing slash. It is also the tutorial's `envUrl` and the CXone issuer. */
  readonly url: string;
  /** Base URL of the host for extracted files. A bearer token sent to this host counts in `leakedBearers`. */
  readonly filesUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  readonly tenantId: string;
  /** ISO 8601 `start/end` of all records. */
  readonly interval: string;
  readonly recordCount: number;
  /** The current counts. The object is live: copy it to keep a snapshot. */
  readonly counts: Readonly<SimulatorCounts>;
  /** The latest requests, oldest first. */
  readonly requests: readonly SeenRequest[];
  /** Returns a valid access token without a token request. The token does not count as issued. */
  issueToken(vendor?: 'genesys' | 'cxone'): string;
  /** Revokes all access tokens, so that the APIs answer 401, and optionally all refresh tokens. */
  revokeTokens(options?: { refreshTokens?: boolean }): void;
  /** Sets all existing jobs to EXPIRED. */
  expireJobs(): void;
  /** Schedules faults for the next matching requests. They take precedence over the faults of the options. */
  schedule(...faults: ScheduledFault[]): void;
  /**
   * Returns record `index` in the form of the Genesys API, as of `dataClock`.
   * @throws RangeError if the record does not exist, or if the API does not return it yet.
   */
  record(index: number): ConversationDetail;
  /** Returns all records in order of their start, as of `dataClock`, as a complete export must contain them. */
  records(): IterableIterator<ConversationDetail>;
  /**
   * Returns record `index` in the form of the CXone API, as of `dataClock`.
   * @throws RangeError if the record does not exist, or if the API does not return it yet.
   */
  completedContact(index: number): CompletedContact;
  /** Returns the contacts that were imported into a contact list, by contact ID. */
  contacts(listId: string): ReadonlyMap<string, ImportedContact>;
  /** Returns the contacts that were stored by bulk calls for external contacts, by contact ID. */
  externalContacts(): ReadonlyMap<string, ImportedContact>;
  /** Resets counts, log, imported contacts and faults. Tokens and jobs remain. */
  reset(): void;
  /** Closes all connections at once. Can be called repeatedly. */
  close(): Promise<void>;
}

/** Starts a simulator. @throws ConfigurationError that lists every invalid option; errors of `listen`. */
export async function startVendorSimulator(options: SimulatorOptions = {}): Promise<VendorSimulator> {
  const settings = resolveOptions(options);
  const counter = createCounter();
  const world: World = {
    settings,
    counter,
    dataset: createDataset(settings.seed, settings.records, settings.start, settings.end, settings.timeline),
    tokens: createTokenStore(settings),
    hash: createHash(settings.seed),
    url: '',
    filesUrl: '',
  };
  const plan = createFaultPlan(settings.seed, options.faults, options.tokenFaults);
  const log = createRequestLog(settings.requestLog);
  const jobs = createDetailsJobs(world);
  const contacts = createContacts(world);
  const extractions = createExtractions(world);
  const timers = new Set<NodeJS.Timeout>();
  let closing: Promise<void> | undefined;

  const handle = createHandler({
    world,
    plan,
    log,
    router: createRouter([
      ...tokenRoutes(world),
      ...discoveryRoutes(world),
      ...detailsQueryRoutes(world),
      ...jobs.routes,
      ...contacts.routes,
      ...completedContactsRoutes(world),
      ...genesysResourceRoutes(world),
      ...cxoneResourceRoutes(world),
      ...extractions.apiRoutes,
    ]),
    fileRouter: createRouter(extractions.fileRoutes),
    isClosed: () => closing !== undefined,
    wait: (milliseconds) =>
      new Promise((resolve) => {
        const timer = setTimeout(() => {
          timers.delete(timer);
          resolve();
        }, milliseconds);
        timers.add(timer);
      }),
  });

  const serve = (host: 'main' | 'files') =>
    createServer((request, response) => {
      // A function of the options may throw. The error must end this request, not the process.
      handle(request, response, host).catch((error: unknown) => {
        if (!response.headersSent) response.writeHead(500, { 'content-type': 'text/plain' });
        response.end(String(error));
      });
    });
  const main = serve('main');
  const files = serve('files');
  world.url = await listen(main, settings.port, settings.host);
  try {
    world.filesUrl = await listen(files, 0, settings.host);
  } catch (error) {
    await stop(main);
    throw error;
  }

  const close = () => {
    closing ??= (async () => {
      for (const timer of timers) clearTimeout(timer);
      await Promise.all([stop(main), stop(files)]);
    })();
    return closing;
  };
  const readNow = <T>(index: number, read: (index: number, at: number) => T | undefined): T => {
    if (!Number.isInteger(index) || index < 0 || index >= settings.records)
      throw new RangeError(`record ${index} does not exist. The indexes are 0 to ${settings.records - 1}.`);
    const now = settings.dataNow();
    const record = read(index, now);
    if (record !== undefined) return record;
    throw new RangeError(
      `the APIs do not return record ${index} yet: dataClock is ${new Date(now).toISOString()}.`,
    );
  };

  return {
    url: world.url,
    filesUrl: world.filesUrl,
    clientId: settings.clientId,
    clientSecret: settings.clientSecret,
    accessKeyId: settings.accessKeyId,
    accessKeySecret: settings.accessKeySecret,
    tenantId: settings.tenantId,
    interval: `${new Date(settings.start).toISOString()}/${new Date(settings.end).toISOString()}`,
    recordCount: settings.records,
    counts: counter.counts,
    get requests() {
      return log.entries();
    },
    issueToken: (vendor: Audience = 'genesys') => world.tokens.issue(vendor, world.url).accessToken,
    revokeTokens({ refreshTokens = false } = {}) {
      world.tokens.revoke();
      if (refreshTokens) world.tokens.revokeRefreshTokens();
    },
    expireJobs() {
      jobs.expire();
      extractions.expire();
    },
    schedule: plan.schedule,
    record: (index) => readNow(index, world.dataset.conversation),
    *records() {
      for (let index = 0; index < settings.records; index++) {
        const conversation = world.dataset.conversation(index, settings.dataNow());
        if (conversation) yield conversation;
      }
    },
    completedContact: (index) => readNow(index, world.dataset.completedContact),
    contacts: contacts.list,
    externalContacts: contacts.external,
    reset() {
      counter.reset();
      log.reset();
      plan.reset();
      contacts.reset();
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function listen(server: Server, port: number, host: string): Promise<string> {
  // Longer than any client waits between two requests, so that the server causes no unscheduled reset.
  server.keepAliveTimeout = 120_000;
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      const { port: actual } = server.address() as AddressInfo;
      resolve(`http://${host.includes(':') ? `[${host}]` : host}:${actual}`);
    });
  });
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
