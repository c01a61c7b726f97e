/** The questions the course owes its learners, and the lab that asks each. */
export interface SeedQuestion {
  /** As quiz.yaml's `asks` names it: source, then chapter and number. */
  id: string;
  /** What it is about, in a few words of our own. */
  about: string;
  /** Number of the lab that asks it ("C": the capstone). A lab that is not there yet is waited for. */
  lab: string;
}

const of =
  (source: string, lab: string) =>
  (id: string, about: string): SeedQuestion => ({ id: `${source} ${id}`, about, lab });
const LAB = (lab: string) => of("LAB", lab);
const CERT = (lab: string) => of("CERT", lab);
const DEEP = (lab: string) => of("DEEP", lab);
const W4 = (lab: string) => of("W4", lab);

/** All 66: the lab assignment's 29, five for each of the certification course's six chapters, the deep dive's five, the week plan's two. */
export const seedQuestions: readonly SeedQuestion[] = [
  LAB("01")("Q1.1", "cluster-info, and what the control plane does"),
  LAB("01")("Q1.2", "a namespace of one's own: two benefits"),
  LAB("02")("Q2.1", "ClusterIP or NodePort for the model service"),
  LAB("02")("Q2.2", "the Service's full DNS name"),
  LAB("02")("Q2.3", "what a real model server would change"),
  LAB("03")("Q3.1", "how nginx resolves its upstream's name"),
  LAB("03")("Q3.2", "nginx.conf as a mounted file, not as environment"),
  LAB("03")("Q4.1", "the path of a request, component by component"),
  LAB("03")("Q4.2", "which of two replicas answers, and who decides"),
  LAB("03")("Q5.1", "what a Service's name resolves to"),
  LAB("03")("Q5.2", "resolv.conf's search list"),
  LAB("03")("Q5.3", "five replicas: does the DNS record change"),
  LAB("04")("Q6.1", "why two ConfigMaps"),
  LAB("04")("Q6.2", "the same key in both"),
  LAB("04")("Q7.1", "base64 is not encryption"),
  LAB("04")("Q7.2", "three kinds of secrets of an inference system"),
  LAB("04")("Q7.3", "encryption at rest"),
  LAB("06")("Q8.1", "a pod deleted under requests: did any fail"),
  LAB("06")("Q8.2", "better ways to spread inference requests"),
  LAB("06")("Q8.3", "one pod slower than the others"),
  LAB("08")("Q9.1", "slow down, fast up: the stabilization windows"),
  LAB("08")("Q9.2", "a lower CPU target for the model service"),
  LAB("08")("Q9.3", "how many pods from 2 at 80 % with target 50 %"),
  LAB("08")("Q9.4", "limits of CPU as a scaling signal; a better metric"),
  LAB("09")("Q10.1", "maxSurge 1 with maxUnavailable 0"),
  LAB("09")("Q10.2", "what preStop sleep is for"),
  LAB("09")("Q10.3", "a few failed requests during an update: why"),
  LAB("09")("Q10.4", "gateway and service updated together"),
  LAB("11")("Q10.5", "design a canary of ten percent"),

  CERT("01")("1.1", "more than a place to run containers"),
  CERT("01")("1.2", "code, model and configuration in Kubernetes' terms"),
  CERT("01")("1.3", "the primitive for stable networking"),
  CERT("01")("1.4", "the exam mindset"),
  CERT("01")("1.5", "the recurring reliability and scale themes"),
  CERT("21")("2.1", "the image as the unit of delivery"),
  CERT("21")("2.2", "why deterministic images"),
  CERT("21")("2.3", "model baked in or pulled at start"),
  CERT("21")("2.4", "hardening an image"),
  CERT("21")("2.5", "what the supply-chain checkpoint is for"),
  CERT("03")("3.1", "the order in which to build a serving setup"),
  CERT("03")("3.2", "the role of Service and Ingress"),
  CERT("05")("3.3", "probes and lifecycle hooks as reliability features"),
  CERT("18")("3.4", "permissions of a serving workload"),
  CERT("04")("3.5", "kinds of configuration and why they differ in operation"),
  CERT("07")("4.1", "scaling and reliability as one discipline"),
  CERT("08")("4.2", "where to start: SLOs, then the knobs"),
  CERT("08")("4.3", "why inference is hard to scale"),
  CERT("08")("4.4", "the trade-off of aggressive autoscaling"),
  CERT("07")("4.5", "why load tests belong to it: what idle hides"),
  CERT("22")("5.1", "what platform delivery solves over kubectl by hand"),
  CERT("23")("5.2", "the GitOps controller's role"),
  CERT("22")("5.3", "why overlays for dev, stage and prod"),
  CERT("23")("5.4", "the delivery stack"),
  CERT("23")("5.5", "what makes a rollback audited"),
  CERT("12")("6.1", "minimum sufficient visibility"),
  CERT("15")("6.2", "what SLOs and dashboards are for"),
  CERT("25")("6.3", "how to debug in a live incident"),
  CERT("C")("6.4", "the operating workflow, in order"),
  CERT("C")("6.5", "what shows production readiness"),

  DEEP("10")("1", "blue-green or canary"),
  DEEP("16")("2", "when a headless Service"),
  DEEP("05")("3", "what each kind of probe is for"),
  DEEP("07")("4", "how requests affect scheduling"),
  DEEP("20")("5", "what a PodDisruptionBudget is for"),

  W4("11")("1", "blue-green or canary, for the team's own release"),
  W4("14")("2", "when traces help and aggregate metrics do not"),
];
