/** The whole course as the map shows it: what is there comes from the labs, the rest is announced here. */
export interface Week {
  number: number;
  title: string;
  /** One sentence: what holds the week together. */
  about: string;
  labs: Entry[];
}
interface Entry {
  /** "01"; the capstone is "C". */
  number: string;
  title: string;
  summary: string;
}

const entry = (number: string, title: string, summary: string): Entry => ({ number, title, summary });

export const weeks: Week[] = [
  {
    number: 1,
    title: "Foundations",
    about: "A service on the cluster, reachable, configured, and four questions that find out why it isn't.",
    labs: [
      entry("01", "Cluster and kubectl", "Find out why a Service doesn't answer, and mend it."),
      entry("02", "Deploy ml-inference", "Two replicas behind one name, and proof that both answer."),
      entry("03", "Gateway and discovery", "Put a gateway in front, and find services by name."),
      entry(
        "04",
        "Configuration and secrets",
        "Change a running service without building it again, and keep its secrets.",
      ),
    ],
  },
  {
    number: 2,
    title: "Reliability",
    about: "What Kubernetes does when a process hangs, a dependency is gone or memory runs out.",
    labs: [
      entry("05", "Probes", "Tell a hung process from a busy one, and restart only the first."),
      entry("07", "Requests, limits and quotas", "Give a service what it needs, and keep it from taking the rest."),
      entry("09", "Rolling update and rollback", "Replace a version under load without one failed request."),
    ],
  },
  {
    number: 3,
    title: "Scale",
    about: "More load, more pods, and nodes that go away.",
    labs: [
      entry("06", "Scaling and self-healing", "Share the load among four, lose one, and nobody notices."),
      entry("08", "Autoscaling", "Let measured load decide how many pods there are."),
      entry("20", "Availability", "Drain a node while the service keeps answering."),
    ],
  },
  {
    number: 4,
    title: "Release and observability",
    about: "Give a new version to a few, read how they fare, and decide by numbers.",
    labs: [
      entry("10", "Blue-green", "Move all traffic at once, and back as fast."),
      entry("11", "Canary at ten percent", "Send a tenth of the requests to v2, and prove it is a tenth."),
      entry(
        "12",
        "Metrics and the RED dashboard",
        "See rate, errors and duration, and check that the panels tell the truth.",
      ),
      entry("13", "Tail latency", "Why the slowest one percent is what people remember."),
      entry("14", "Logs and traces", "Follow one slow request through every service it touched."),
      entry("15", "SLOs and burn-rate alerts", "Be woken when it matters, and only then."),
    ],
  },
  {
    number: 5,
    title: "Platform",
    about: "Names, certificates, identities, images and the pipeline that carries them.",
    labs: [
      entry(
        "16",
        "Stateful and special Services",
        "A name for each pod, sessions that stick, services that live elsewhere.",
      ),
      entry("17", "Ingress and TLS", "Hosts, paths and certificates at the cluster's edge."),
      entry("18", "Identities and RBAC", "Let a service do exactly what it has to."),
      entry("19", "Network policy and pod security", "Let the wanted traffic pass, and refuse the rest."),
      entry("21", "Images and supply chain", "Build the same image twice, know what is in it, and pin it."),
      entry("22", "Helm and Kustomize", "One application, several environments, no copies."),
      entry("23", "GitOps", "A commit changes the cluster; a hand edit doesn't last."),
      entry("24", "GPUs and scheduling", "Get the right pod onto the rare node."),
    ],
  },
  {
    number: 6,
    title: "Operations and capstone",
    about: "Broken clusters to mend, models that drift, and the whole of it against the clock.",
    labs: [
      entry("25", "Debugging", "Nine ways a cluster breaks, drawn at random."),
      entry("26", "Drift and the operating loop", "Notice that the data has changed before the users do."),
      entry("C", "Capstone", "Deploy, release, observe and validate a service, timed."),
    ],
  },
];
