"""The demo's tree of incident categories."""

from __future__ import annotations

import pandas as pd

_TREE = """
A||治安|Public order and crime
A1|A|刑事案件|Criminal case
A11|A1|电动自行车盗窃|E-bike theft
A12|A1|入室盗窃|Burglary
A13|A1|诈骗|Fraud
A14|A1|其他刑事案件|Other criminal case
A15|A1|其他盗窃|Other theft
A2|A|治安案件|Public order case
A21|A2|打架斗殴|Fighting
A22|A2|噪音扰民|Noise
A23|A2|其他治安案件|Other public order case
A24|A2|小额盗窃|Petty theft
B||矛盾纠纷|Dispute
B1|B|邻里纠纷|Between neighbours
B2|B|物业纠纷|Property management
B3|B|劳资纠纷|Wages and work
B4|B|家庭纠纷|In the family
C||安全隐患|Hazard
C1|C|消防隐患|Fire hazard
C2|C|用电隐患|Electrical hazard
C3|C|施工隐患|Building site hazard
C4|C|交通隐患|Traffic hazard
D||市容环境|Appearance of the town
D1|D|垃圾堆放|Rubbish
D2|D|占道经营|Trading on the street
D3|D|违章搭建|Unlawful building
D4|D|设施损坏|Damaged facility
E||便民服务|Service to residents
E1|E|求助|Request for help
E2|E|咨询|Question
"""


def make_categories() -> pd.DataFrame:
    """Return the canonical category frame: ``code``, ``parent_code``, ``name``, ``name_en``."""
    rows = [line.split("|") for line in _TREE.strip().splitlines()]
    frame = pd.DataFrame(rows, columns=["code", "parent_code", "name", "name_en"])
    parent = frame["parent_code"].astype(object)
    frame["parent_code"] = parent.where(parent != "", None)
    return frame
