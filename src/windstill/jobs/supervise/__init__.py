"""Running a job in a process of its own, and being sure of its end.

    service ──control──> server (forks job processes, reaps them and their descendants)
       │                    │ └──orders──> spare: a job's process that waits for its job
       └──hold── one pair ──┘  orders to end the job; its exit status; its end ends the job
       └──report──────────────> job process: progress and outcome

Linux only: prctl, pidfd and /proc are what makes the ends certain.
"""

from windstill.jobs.supervise.process import Ended, ForkServer, JobProcess, Order
from windstill.jobs.supervise.spares import SparePlan
from windstill.jobs.supervise.verdict import Made, MadeFile, judge

__all__ = ["Ended", "ForkServer", "JobProcess", "Made", "MadeFile", "Order", "SparePlan", "judge"]
