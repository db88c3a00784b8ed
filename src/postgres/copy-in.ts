import type { Client, Submittable } from 'pg';

/** The methods of a connection of `pg` that send data. */
interface CopyConnection {
  query(statement: string): void;
  sendCopyFromChunk(data: Buffer): void;
  endCopyFrom(): void;
}

/** Runs `COPY ... FROM STDIN`. The package pg-copy-streams cannot be bundled as an ES module, because it requires modules of Node. */
export function copyIn(client: Client, statement: string, data: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const query = {
      submit: (connection: unknown) => (connection as CopyConnection).query(statement),
      handleCopyInResponse(connection: CopyConnection) {
        connection.sendCopyFromChunk(data);
        connection.endCopyFrom();
      },
      handleCommandComplete() {},
      handleReadyForQuery() {
        query.callback();
        resolve();
      },
      handleError(error: unknown) {
        query.callback();
        reject(error);
      },
      // Replaced by a function that ends the query timeout.
      callback() {},
    };
    client.query(query as Submittable);
  });
}
