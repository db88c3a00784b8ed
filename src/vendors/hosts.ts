/** The domains of NICE CXone, old and new. */
export const NICE_CXONE_DOMAINS = ['niceincontact.com', 'nice-incontact.com', 'nicecxone.com'];

/** Returns the domain that a host name ends with. A match elsewhere in the name does not count. */
export function findDomain(hostname: string, domains: readonly string[]): string | undefined {
  return domains.find((domain) => hostname === domain || hostname.endsWith(`.${domain}`));
}
