/** NICE CXone's domains, old and new. */
export const NICE_CXONE_DOMAINS = ['niceincontact.com', 'nice-incontact.com', 'nicecxone.com'];

/** The domain that a host name is of: by its end, never by its middle. */
export function findDomain(hostname: string, domains: readonly string[]): string | undefined {
  return domains.find((domain) => hostname === domain || hostname.endsWith(`.${domain}`));
}
