/** What resolving asks of sites that are no git hosts; fetch/ answers, through the same gate as git. */
export interface Sites {
  /** What the JSON at a URL holds, wherever redirects lead; undefined when there is none. @throws host_unreachable, host_rate_limited, host_not_allowed */
  json(url: URL): Promise<unknown>;
  /** Where a URL redirects to, which is not asked. @throws host_unreachable, host_rate_limited, host_not_allowed */
  leadsTo(url: URL): Promise<{ isMissing: boolean; location?: URL }>;
}
