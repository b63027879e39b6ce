"""The file of rejected rows, which a person mends and imports again."""

from __future__ import annotations

from pathlib import Path

from geodata.files.reading import read
from geodata.mapping import apply, guess, load_mapping
from gridmap.territory.importing.rejected import write_rejected


def test_mended_rows_come_in_again_also_those_with_too_few_fields(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "编号,名称,类型,经度,纬度\n1,甲,学校,x,30\n2,乙\n3,丙,学校,104,30\n4,丁,学校,104,30,多\n",
        encoding="utf-8",
    )
    raw = read(path)
    mapping = guess("places", list(raw.frame), raw.frame)
    mapping = mapping.model_copy(
        update={"location": mapping.location.model_copy(update={"system": "WGS 84"})}
    )
    frame, problems = apply(raw, mapping)
    assert frame.index.tolist() == [4]
    table, beside = write_rejected(raw, mapping, problems, tmp_path, str, "reason")
    rejected = read(table).frame
    assert list(rejected) == ["编号", "名称", "类型", "经度", "纬度", "column 6", "reason"]
    assert rejected["名称"].tolist() == ["甲", "乙", "丁"]
    assert rejected["reason"].notna().all()

    mended = rejected.assign(类型="学校", 经度="104", 纬度="30")
    mended.to_csv(table, index=False)
    again, left = apply(read(table), load_mapping(beside))
    assert again["name"].tolist() == ["甲", "乙", "丁"]
    assert left.severities()["error"] == 0
