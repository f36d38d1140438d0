rule collect:
    input:
        table_parts,
    output:
        "<results>/{stage}/{table}.csv",
    log:
        "<logs>/collect/{stage}_{table}.log",
    localrule: True
    conda:
        CONDA
    params:
        code=digest("optprimer.collect"),
    message:
        "Table {wildcards.stage}/{wildcards.table}.csv"
    shell:
        "optprimer collect {wildcards.stage}/{wildcards.table} {input:q} --output {output:q} > {log:q} 2>&1"


# Those that are in the report.
use rule collect as collect_findings with:
    output:
        report(
            "<results>/{stage}/{table}.csv",
            caption="../report/rates.rst",
            category=CATEGORIES["Tables"],
            subcategory=STAGES["rates"],
            labels=lambda wildcards: {
                "result": FINDINGS[wildcards.table],
                "kind": "table",
            },
        ),
    wildcard_constraints:
        stage="rates",
        table="|".join(FINDINGS),


ruleorder: collect_findings > collect
